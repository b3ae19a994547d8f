//! `clip-lab eval`: a run evaluated again, or the weights between two models.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Catalog, State};
use clip_lab_cli::{EvalArgs, Ui};
use serde_json::json;
use tch::{Device, Tensor};

use super::named::Named;
use crate::{
    data::{Source, cores},
    plan::{Plan, Split, plan},
    train::{self, Console, Features, Feed, Rig, Start, Towers, View, checkpoint, judge},
};

/// Metrics by name, split first.
type Metrics = BTreeMap<String, f64>;

/// Evaluates what the arguments name and prints it.
///
/// # Errors
/// When a model or its data cannot be read, or two models are not alike.
pub fn eval(args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let name = args.model.as_ref().or(args.interpolate.get(1)).context("nothing to evaluate")?;
    let bench = Bench::open(name, args, store, catalog)?;
    let Some(other) = args.interpolate.first() else {
        return print_one(&bench.evaluate(name)?, args.json);
    };
    let (a, b) = (bench.state_of(other, args, store, catalog)?, bench.state());
    let mut rows = Vec::new();
    for &alpha in &args.alpha {
        bench.put(&a, &b, alpha)?;
        rows.push((alpha, bench.evaluate(&format!("alpha {alpha}"))?));
    }
    print_all(&rows, &bench.plan.run.goal, args.json)
}

/// A model on the data of its spec.
struct Bench {
    plan: Plan,
    feed: Feed,
    rig: Rig,
    device: Device,
}

impl Bench {
    fn open(name: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<Self> {
        let Named { spec, weights } = Named::find(name, &args.set, store)?;
        let plan = plan(spec, catalog)?;
        let device = train::device(&plan.run.device)?;
        let feed = Feed::open(&plan)?;
        ensure!(!feed.splits.is_empty(), "the spec of `{name}` has neither [data.val] nor [data.test]");
        let rig = build(&plan, &feed, device, weights.as_deref())?;
        Ok(Self { plan, feed, rig, device })
    }

    /// The weights of another model of the same shape.
    fn state_of(&self, name: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<State> {
        let Named { spec, weights } = Named::find(name, &args.set, store)?;
        let plan = plan(spec, catalog)?;
        let rig = build(&plan, &self.feed, self.device, weights.as_deref())?;
        Ok(state(&rig))
    }

    fn state(&self) -> State {
        state(&self.rig)
    }

    /// `(1 - alpha) a + alpha b` (WiSE-FT, <https://arxiv.org/abs/2109.01903>), batch statistics too; whole numbers
    /// such as counters are those of `b`.
    fn put(&self, a: &State, b: &State, alpha: f64) -> Result<()> {
        let a: BTreeMap<&str, &Tensor> = a.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let variables = self.rig.vars.variables();
        for (name, to) in b {
            let from = a.get(name.as_str()).with_context(|| format!("the first model has no `{name}`"))?;
            let (first, second) = (from.size(), to.size());
            ensure!(first == second, "`{name}` is {first:?} in the first model and {second:?} in the second");
            let mixed = if to.is_floating_point() { from.f_lerp(to, alpha)? } else { to.shallow_clone() };
            let variable = variables.get(name).with_context(|| format!("the model has no `{name}`"))?;
            tch::no_grad(|| variable.shallow_clone().f_copy_(&mixed).map(drop))?;
        }
        Ok(())
    }

    /// Everything that the spec evaluates, on every split.
    fn evaluate(&self, what: &str) -> Result<Metrics> {
        let mut metrics = Metrics::new();
        for (split, data) in &self.feed.splits {
            eprintln!("{what}: {} {} pictures", data.len(), split.as_str());
            let source = Source::pictures(data.clone(), self.rig.prepare.clone());
            let mut quiet = Console::new(Ui::None);
            let features =
                Features::compute(&self.rig.image, source, cores(), self.device, &mut quiet, &|| false)?;
            let features = features.context("nobody asked to stop")?;
            let towers = Towers::of(&self.rig, &self.feed, &self.plan, self.device);
            let view = View::new(&towers, data.clone(), &features)?;
            for found in judge(&self.rig, &view, *split)? {
                let named = |(name, value)| (format!("{}/{name}", split.as_str()), value);
                metrics.extend(found.metrics.into_iter().map(named));
            }
        }
        Ok(metrics)
    }
}

fn build(plan: &Plan, feed: &Feed, device: Device, weights: Option<&Path>) -> Result<Rig> {
    let start = if weights.is_some() { Start::ToBeLoaded } else { Start::FromSpec };
    let rig = Rig::build(plan, feed, device, start)?;
    if let Some(path) = weights {
        checkpoint::read_weights(path, &rig.vars)?;
    }
    Ok(rig)
}

fn state(rig: &Rig) -> State {
    let copy = |(name, tensor): (String, Tensor)| (name, tensor.detach().copy());
    rig.vars.variables().into_iter().map(copy).collect()
}

fn print_one(metrics: &Metrics, json: bool) -> Result<()> {
    if json {
        println!("{:#}", json!({ "version": 1, "metrics": metrics }));
    } else {
        metrics.iter().for_each(|(name, value)| println!("{name:<36} {value:>8.4}"));
    }
    Ok(())
}

/// The goal along the way from A to B on both splits; val chooses, test reports.
fn print_all(rows: &[(f64, Metrics)], goal: &str, json: bool) -> Result<()> {
    let tested = goal.replacen(Split::Val.as_str(), Split::Test.as_str(), 1);
    let best = choose(rows, goal);
    if json {
        let rows: Vec<_> =
            rows.iter().map(|(alpha, metrics)| json!({ "alpha": alpha, "metrics": metrics })).collect();
        println!("{:#}", json!({ "version": 1, "goal": goal, "best_alpha": best, "rows": rows }));
        return Ok(());
    }
    let there = |name: &&str| rows.first().is_some_and(|(_, metrics)| metrics.contains_key(*name));
    let mut names: Vec<&str> = [goal, tested.as_str()].into_iter().filter(there).collect();
    names.dedup();
    println!("{:>6}{}", "alpha", names.iter().map(|name| format!("  {name:>30}")).collect::<String>());
    for (alpha, metrics) in rows {
        let values: String = names.iter().map(|name| format!("  {:>30.4}", metrics[*name])).collect();
        let mark = if best == Some(*alpha) { "  best on val" } else { "" };
        println!("{alpha:>6.2}{values}{mark}");
    }
    if best.is_none() {
        println!("no value of {goal}: the spec has no [data.val], so nothing chooses an alpha");
    }
    Ok(())
}

/// The alpha with the best goal; the smaller of equals.
fn choose(rows: &[(f64, Metrics)], goal: &str) -> Option<f64> {
    let sign = if train::goal(goal) == clip_lab_store::Goal::Down { -1.0 } else { 1.0 };
    let scored = rows.iter().filter_map(|(alpha, metrics)| Some((*alpha, sign * metrics.get(goal)?)));
    scored.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(alpha, _)| alpha)
}
