//! Evaluates a model on the data of its spec, and interpolates the weights of two models.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{EvalArgs, json_document, note, out, print};
use clip_lab_plugin_api::{Catalog, Evaluation, State};
use clip_lab_store::Goal;
use serde_json::json;
use tch::{Device, Tensor};

use super::{
    Metrics, print_metrics,
    record::{RecordedRun, default_name},
};
use crate::{
    commands::{device::device, spec_weights::SpecWeights},
    console::Console,
    input::{Source, cores, identity},
    model::WeightsSource,
    plan::{Plan, Split, plan},
    train::{self, Components, EmbeddedData, Features, Inputs, Towers, checkpoint, evaluate_split},
};

/// Evaluates a model as its spec defines and prints the metrics; those of a run are also recorded.
///
/// # Errors
/// If the model or its data cannot be read.
pub fn evaluate(model: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let evaluation = SpecEvaluation::open(model, args, store, catalog)?;
    let results = evaluation.evaluate(model)?;
    let run = RecordedRun::of(evaluation.weights.as_deref(), store)?.filter(|_| !args.other.no_record);
    let mut recorded = Vec::new();
    if let Some(run) = &run {
        for (split, evaluations) in &results {
            let name = default_name(&evaluation.plan.name, split.as_str());
            let settings = json!({
                "data": evaluation.plan.name, "split": split.as_str(), "set": args.set, "checkpoint": evaluation.weights,
            });
            let goal = |metric: &str| evaluation.goal(&format!("{}/{metric}", split.as_str()));
            run.record(store, &name, &evaluation.fingerprint(*split)?, &settings, evaluations, goal)?;
            recorded.push(name);
        }
    }
    let metrics = flat(results);
    if args.json {
        print(json_document(json!({ "metrics": metrics })));
    } else {
        print_metrics(&metrics);
    }
    if let Some(run) = run {
        note!("recorded with run {} as {}", run.run.uid, recorded.join(", "));
    }
    Ok(())
}

/// Evaluates interpolations of the weights of two models and prints the metrics by alpha.
///
/// # Errors
/// If a model or the data cannot be read, or the models have different shapes.
pub fn interpolate(a: &str, b: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let evaluation = SpecEvaluation::open(b, args, store, catalog)?;
    let (a, b) = (evaluation.state_of(a, args, store, catalog)?, evaluation.state());
    let mut rows = Vec::new();
    for &alpha in &args.alpha {
        evaluation.set_interpolated(&a, &b, alpha)?;
        rows.push((alpha, flat(evaluation.evaluate(&format!("alpha {alpha}"))?)));
    }
    let metric = &evaluation.plan.run.goal;
    print_rows(&rows, metric, evaluation.goal(metric), args.json)
}

/// The evaluators' results on each split.
type Results = Vec<(Split, Vec<Evaluation>)>;

/// All metrics, with the split as a prefix.
fn flat(results: Results) -> Metrics {
    let named = results.into_iter().flat_map(|(split, evaluations)| {
        let metrics = evaluations.into_iter().flat_map(|one| one.metrics);
        metrics.map(move |(name, value)| (format!("{}/{name}", split.as_str()), value))
    });
    named.collect()
}

/// A model with the data of its spec.
struct SpecEvaluation {
    plan: Plan,
    inputs: Inputs,
    components: Components,
    device: Device,
    /// The checkpoint of the weights; none: initialised as a run of the spec.
    weights: Option<PathBuf>,
}

impl SpecEvaluation {
    fn open(name: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<Self> {
        let SpecWeights { spec, weights } = SpecWeights::find(name, &args.set, store)?;
        let plan = plan(spec, catalog)?;
        let device = device(&plan.run.device)?;
        let inputs = Inputs::open(&plan)?;
        ensure!(!inputs.splits.is_empty(), "the spec of `{name}` has neither [data.val] nor [data.test]");
        let components = build(&plan, &inputs, device, weights.as_deref())?;
        Ok(Self { plan, inputs, components, device, weights })
    }

    /// The weights of another model of the same shape.
    fn state_of(&self, name: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<State> {
        let SpecWeights { spec, weights } = SpecWeights::find(name, &args.set, store)?;
        let plan = plan(spec, catalog)?;
        let components = build(&plan, &self.inputs, self.device, weights.as_deref())?;
        Ok(state(&components))
    }

    fn state(&self) -> State {
        state(&self.components)
    }

    /// Sets the weights to `(1 - alpha) a + alpha b` (WiSE-FT, <https://arxiv.org/abs/2109.01903>), batch statistics
    /// included; integers such as counters are those of `b`.
    fn set_interpolated(&self, a: &State, b: &State, alpha: f64) -> Result<()> {
        let a: BTreeMap<&str, &Tensor> = a.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let variables = self.components.vars.variables();
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

    /// Runs the spec's evaluators on every split; `label` prefixes the progress messages.
    fn evaluate(&self, label: &str) -> Result<Results> {
        let mut results = Results::new();
        for (split, data) in &self.inputs.splits {
            note!("{label}: {} {} images", data.len(), split.as_str());
            let source = Source::images(data.clone(), self.components.prepare.clone());
            let mut console = Console::stderr();
            let features = Features::compute(
                &self.components.image,
                source,
                cores(),
                self.device,
                &mut console,
                &|| false,
            )?;
            let features = features.context("stopped")?;
            let towers = Towers::of(&self.components, &self.inputs, &self.plan, self.device);
            let embedded = EmbeddedData::new(&towers, data.clone(), &features)?;
            results.push((*split, evaluate_split(&self.components, &embedded, *split)?));
        }
        Ok(results)
    }

    /// Which direction of a metric is better.
    fn goal(&self, metric: &str) -> Goal {
        train::goal(self.plan.metric(metric))
    }

    /// The fingerprint of a split's data.
    fn fingerprint(&self, split: Split) -> Result<String> {
        let data = self.inputs.splits.iter().find(|(name, _)| *name == split);
        Ok(identity(data.context("no such split")?.1.as_ref()))
    }
}

fn build(plan: &Plan, inputs: &Inputs, device: Device, weights: Option<&Path>) -> Result<Components> {
    let source = if weights.is_some() { WeightsSource::Checkpoint } else { WeightsSource::Spec };
    let components = Components::build(plan, inputs, device, source)?;
    if let Some(path) = weights {
        checkpoint::read_weights(path, &components.vars)?;
    }
    Ok(components)
}

fn state(components: &Components) -> State {
    let copy = |(name, tensor): (String, Tensor)| (name, tensor.detach().copy());
    components.vars.variables().into_iter().map(copy).collect()
}

/// Prints the goal by alpha, on val for selection and on test for the result.
fn print_rows(rows: &[(f64, Metrics)], goal: &str, better: Goal, json: bool) -> Result<()> {
    let test_goal = goal.replacen(Split::Val.as_str(), Split::Test.as_str(), 1);
    let best = choose(rows, goal, better);
    if json {
        let rows: Vec<_> =
            rows.iter().map(|(alpha, metrics)| json!({ "alpha": alpha, "metrics": metrics })).collect();
        print(json_document(json!({ "goal": goal, "best_alpha": best, "rows": rows })));
        return Ok(());
    }
    let available = |name: &&str| rows.first().is_some_and(|(_, metrics)| metrics.contains_key(*name));
    let mut names: Vec<&str> = [goal, test_goal.as_str()].into_iter().filter(available).collect();
    names.dedup();
    out!("{:>6}{}", "alpha", names.iter().map(|name| format!("  {name:>30}")).collect::<String>());
    for (alpha, metrics) in rows {
        let values: String = names.iter().map(|name| format!("  {:>30.4}", metrics[*name])).collect();
        let mark = if best == Some(*alpha) { "  best on val" } else { "" };
        out!("{alpha:>6.2}{values}{mark}");
    }
    if best.is_none() {
        out!("no value of {goal}: the spec has no [data.val] to select alpha on");
    }
    Ok(())
}

/// The alpha with the best goal; the smallest of ties.
fn choose(rows: &[(f64, Metrics)], goal: &str, better: Goal) -> Option<f64> {
    let sign = if better == Goal::Down { -1.0 } else { 1.0 };
    let scored = rows.iter().filter_map(|(alpha, metrics)| Some((*alpha, sign * metrics.get(goal)?)));
    scored.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(alpha, _)| alpha)
}
