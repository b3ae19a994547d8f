//! Evaluates a model on any data with any evaluators.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{EvalArgs, json_document, note, out, print, shown};
use clip_lab_plugin_api::{Catalog, Dataset, Evaluation, Metric};
use serde_json::{Value, json};

use super::{
    Metrics,
    confusion::Confusion,
    print_metrics,
    record::{RecordedRun, check_name, default_name},
    suite::Suites,
};
use crate::{
    commands::{class_names::Renamed, embedder::Embedder, eval_data::EvalData, sources, target::Target},
    input::identity,
    train::{EmbeddedData, goal},
};

/// The results, with the data and settings they depend on.
struct Outcome {
    name: String,
    settings: Value,
    fingerprint: String,
    evaluations: Vec<Evaluation>,
    /// The metrics that the evaluators declare.
    declared: Vec<Metric>,
    confusion: Option<Confusion>,
}

/// Evaluates a model and prints the metrics; those of a run are also recorded.
///
/// # Errors
/// If the model or the data cannot be read, or the data does not fit a requested evaluator.
pub fn evaluate(model: &str, args: &EvalArgs, store: &Path, catalog: &Catalog) -> Result<()> {
    let other = &args.other;
    ensure!(
        other.confusion.is_none() || other.confusion_data.is_some(),
        "--confusion is drawn by `clip-lab`, not by this binary"
    );
    other.name.as_deref().map_or(Ok(()), check_name)?;
    let target = Target::find(model, other.weights, &args.set, store, catalog)?;
    let outcome = run(model, args, store, catalog, &Embedder::build(&target)?)?;
    if let (Some(file), Some(confusion)) = (&other.confusion_data, &outcome.confusion) {
        confusion.write(file, &format!("{model} on {}", outcome.name))?;
    }
    let recorded_run = RecordedRun::of(target.checkpoint.as_deref(), store)?;
    let record = |run: &RecordedRun| {
        let checkpoint = target.checkpoint.as_ref().and_then(|file| file.file_name());
        let mut settings = outcome.settings.clone();
        settings["checkpoint"] = json!(checkpoint.map(|name| name.to_string_lossy()));
        let goal = |name: &str| goal(outcome.declared.iter().find(|metric| metric.name == name));
        run.record(store, &outcome.name, &outcome.fingerprint, &settings, &outcome.evaluations, goal)
    };
    let id = recorded_run.as_ref().filter(|_| !other.no_record).map(record).transpose()?;
    print_outcome(model, &outcome, recorded_run.as_ref(), id, args.json);
    Ok(())
}

fn run(
    model: &str,
    args: &EvalArgs,
    store: &Path,
    catalog: &Catalog,
    embedder: &Embedder,
) -> Result<Outcome> {
    let other = &args.other;
    let EvalData { named, parts } = EvalData::open(&other.data, model, &args.set, store, catalog)?;
    let (split, data) = sources::choose(parts, other.split.as_deref()).with_context(|| named.clone())?;
    let data = match embedder.classes() {
        Some(classes) => Box::new(Renamed::renumbered(data, classes).with_context(|| named.clone())?),
        None => data,
    };
    let data: Arc<dyn Dataset> = data.into();
    data.skipped().iter().for_each(|message| note!("{}: {}", shown(&named), shown(message)));
    let (templates, classifier) = (other.data.templates.as_deref(), embedder.classes().is_some());
    let suites = Suites::new(&other.suite, templates, classifier, data.as_ref(), catalog)?;
    let captions: usize = (0..data.len()).map(|index| data.captions(index).len()).sum();
    let (images, classes) = (data.len(), data.classes().len());
    let names = suites.names();
    note!(
        "{}, {split}: {images} images, {captions} captions, {classes} classes; evaluating {}",
        shown(&named),
        names.join(" and ")
    );
    let towers = embedder.towers();
    let embedded = EmbeddedData::new(&towers, data.clone(), &embedder.features(&data)?)?;
    let (evaluations, classified) = suites.run(&embedded)?;
    let confusion = classified.map(|classified| Confusion::new(&classified, data.classes()));
    Ok(Outcome {
        name: other.name.clone().unwrap_or_else(|| default_name(&named, split)),
        settings: json!({
            "data": named, "split": split, "pictures": images, "captions": captions, "classes": classes,
            "suites": names, "templates": suites.templates(), "renamed": other.data.classes, "set": args.set,
        }),
        fingerprint: identity(data.as_ref()),
        evaluations,
        declared: suites.declared().to_vec(),
        confusion,
    })
}

fn print_outcome(model: &str, outcome: &Outcome, run: Option<&RecordedRun>, id: Option<i64>, as_json: bool) {
    let metrics: Metrics = outcome
        .evaluations
        .iter()
        .flat_map(|one| &one.metrics)
        .map(|(metric, value)| (format!("{}/{metric}", outcome.name), *value))
        .collect();
    let confusion = outcome.confusion.as_ref();
    if as_json {
        let all = json!({
            "model": model, "name": outcome.name, "metrics": metrics,
            "run": run.map(|run| &run.run.uid), "step": run.map(|run| run.step),
            "weights": run.map(|run| run.weights), "evaluation": id,
            "fingerprint": outcome.fingerprint, "settings": outcome.settings,
            "confused": confusion.map(Confusion::json),
        });
        print(json_document(all));
    } else {
        print_metrics(&metrics);
        let lines = confusion.map(Confusion::lines).unwrap_or_default();
        if !lines.is_empty() {
            out!("\nmost often confused");
        }
        lines.iter().for_each(|line| out!("  {}", shown(line)));
    }
    match (run, id) {
        (Some(run), Some(_)) => note!("recorded with run {} as {}", run.run.uid, outcome.name),
        (Some(_), None) => note!("not recorded (--no-record)"),
        (None, _) => note!("not recorded: the model is not a run of the store"),
    }
}
