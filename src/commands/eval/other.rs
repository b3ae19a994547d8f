//! A model of two towers on any data, with any evaluators.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_api::{Catalog, Dataset, Evaluation, Evaluator, Section, parse};
use clip_lab_cli::{EvalArgs, answer, out, print, say};
use plugins_eval::{Named, Templates, ZeroShot};
use serde_json::{Value, json};

use super::{
    Metrics,
    confused::Confusion,
    print_metrics,
    record::{Home, check_name, name_after},
};
use crate::{
    commands::{
        sources,
        subject::{self, Data},
        templates,
        two_towers::TwoTowers,
    },
    data::identity,
    train::View,
};

/// The evaluator whose answers can be confused.
const ZERO_SHOT: &str = "zero_shot";
const RETRIEVAL: &str = "retrieval";

/// What was found, and of what.
struct Outcome {
    name: String,
    settings: Value,
    fingerprint: String,
    found: Vec<Evaluation>,
    confusion: Option<Confusion>,
}

/// Evaluates and prints; of a run it is kept as well.
///
/// # Errors
/// When the model or the data cannot be read, or the data cannot serve an evaluator that was asked for.
pub fn evaluate(model: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let other = &args.other;
    ensure!(
        other.confusion.is_none() || other.confusion_data.is_some(),
        "the picture of --confusion is drawn by `clip-lab`, not by this program"
    );
    other.name.as_deref().map_or(Ok(()), check_name)?;
    let target = subject::target(model, other.weights, &args.set, store, catalog)?;
    let outcome = judge(model, args, store, catalog, &TwoTowers::build(&target)?)?;
    if let (Some(file), Some(confusion)) = (&other.confusion_data, &outcome.confusion) {
        confusion.write(file, &format!("{model} on {}", outcome.name))?;
    }
    let home = Home::of(target.checkpoint.as_deref(), store)?;
    let keep = |home: &Home| {
        let checkpoint = target.checkpoint.as_ref().and_then(|file| file.file_name());
        let mut settings = outcome.settings.clone();
        settings["checkpoint"] = json!(checkpoint.map(|name| name.to_string_lossy()));
        home.keep(store, &outcome.name, &outcome.fingerprint, &settings, &outcome.found)
    };
    let kept = home.as_ref().filter(|_| !other.no_record).map(keep).transpose()?;
    tell(model, &outcome, home.as_ref(), kept, args.json);
    Ok(())
}

fn judge(
    model: &str,
    args: &EvalArgs,
    store: &Path,
    catalog: &Catalog,
    towers: &TwoTowers,
) -> Result<Outcome> {
    let other = &args.other;
    let Data { named, parts } = Data::open(&other.data, model, &args.set, store, catalog)?;
    let (split, data) = sources::choose(parts, other.split.as_deref()).with_context(|| named.clone())?;
    let data: Arc<dyn Dataset> = data.into();
    data.skipped().iter().for_each(|words| say!("{named}: {words}"));
    let suites = suites(&other.suite, data.as_ref())?;
    let templates = templates_of(other.data.templates.as_deref(), &suites)?;
    let captions: usize = (0..data.len()).map(|index| data.captions(index).len()).sum();
    let (pictures, classes) = (data.len(), data.classes().len());
    say!(
        "{named}, {split}: {pictures} pictures, {captions} captions, {classes} classes; evaluating {}",
        suites.join(" and ")
    );
    let zero_shot = ZeroShot { templates: templates.clone() };
    let evaluators = suites.iter().map(|suite| evaluator(suite, catalog)).collect::<Result<Vec<_>>>()?;
    let scene = towers.towers();
    let view = View::new(&scene, data.clone(), &towers.look(&data)?)?;
    let (mut found, mut confusion) = (Vec::new(), None);
    for (suite, evaluator) in suites.iter().zip(&evaluators) {
        if suite == ZERO_SHOT {
            let classified = tch::no_grad(|| zero_shot.classify(&view))?;
            confusion = Some(Confusion::new(&classified, data.classes()));
            found.push(classified.evaluation("zero_shot")?);
        } else {
            found.push(view.evaluate(evaluator.as_ref()).with_context(|| format!("evaluating {suite}"))?);
        }
    }
    let said = templates_json(&templates).filter(|_| suites.iter().any(|suite| suite == ZERO_SHOT));
    Ok(Outcome {
        name: other.name.clone().unwrap_or_else(|| name_after(&named, split)),
        settings: json!({
            "data": named, "split": split, "pictures": pictures, "captions": captions, "classes": classes,
            "suites": suites, "templates": said, "renamed": other.data.classes, "set": args.set,
        }),
        fingerprint: identity(data.as_ref()),
        found,
        confusion,
    })
}

/// The evaluators that were asked for, else those that the data can serve.
fn suites(asked: &[String], data: &dyn Dataset) -> Result<Vec<String>> {
    if !asked.is_empty() {
        return Ok(asked.to_vec());
    }
    let classes = data.classes().len();
    // Where every caption is that of a class, who looks for a caption looks for a class.
    let captions: BTreeSet<&String> =
        (0..data.len()).flat_map(|index| data.captions(index)).take(100_000).collect();
    let served = [(RETRIEVAL, captions.len() > classes), (ZERO_SHOT, classes > 1)];
    let served: Vec<String> =
        served.into_iter().filter(|(_, can)| *can).map(|(suite, _)| suite.to_owned()).collect();
    ensure!(!served.is_empty(), "the data has neither captions nor classes to evaluate with");
    Ok(served)
}

fn templates_of(named: Option<&str>, suites: &[String]) -> Result<Templates> {
    match named {
        None => Ok(Templates::Named(Named::Photo)),
        Some(named) => {
            ensure!(
                suites.iter().any(|suite| suite == ZERO_SHOT),
                "--templates are for zero_shot, which is not among {}",
                suites.join(", ")
            );
            templates::read(named)
        }
    }
}

fn templates_json(templates: &Templates) -> Option<Value> {
    match templates {
        Templates::Named(set) => Some(json!(set.name())),
        Templates::Own(list) => Some(json!(list)),
    }
}

/// An evaluator of the catalog with its own settings.
fn evaluator(suite: &str, catalog: &Catalog) -> Result<Box<dyn Evaluator>> {
    let table = format!("plugin = {}", toml::Value::from(suite));
    let table = parse(table).map_err(|_| anyhow::anyhow!("--suite {suite} is no name of an evaluator"))?;
    match catalog.eval.plan(Section::new("--suite", 0..0, table)) {
        Ok(planned) => planned.build(()),
        Err(problems) => {
            let words = |problem: &clip_lab_api::problem::Problem| {
                let help = problem.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
                format!("{}{help}", problem.message)
            };
            bail!("{}", problems.iter().map(words).collect::<Vec<_>>().join("; "))
        }
    }
}

fn tell(model: &str, outcome: &Outcome, home: Option<&Home>, kept: Option<i64>, as_json: bool) {
    let metrics: Metrics = outcome
        .found
        .iter()
        .flat_map(|one| &one.metrics)
        .map(|(metric, value)| (format!("{}/{metric}", outcome.name), *value))
        .collect();
    let confused = outcome.confusion.as_ref();
    if as_json {
        let all = json!({
            "model": model, "name": outcome.name, "metrics": metrics,
            "run": home.map(|home| &home.run.uid), "step": home.map(|home| home.step),
            "weights": home.map(|home| home.weights), "evaluation": kept,
            "fingerprint": outcome.fingerprint, "settings": outcome.settings,
            "confused": confused.map(Confusion::json),
        });
        print(answer(all));
    } else {
        print_metrics(&metrics);
        let lines = confused.map(Confusion::lines).unwrap_or_default();
        if !lines.is_empty() {
            out!("\nmost often confused");
        }
        lines.iter().for_each(|line| out!("  {line}"));
    }
    match (home, kept) {
        (Some(home), Some(_)) => say!("kept with run {} as {}", home.run.uid, outcome.name),
        (Some(_), None) => say!("kept nowhere, as --no-record says"),
        (None, _) => say!("kept nowhere: no run of the store was named"),
    }
}
