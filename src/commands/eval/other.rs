//! A model on any data, with any evaluators.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Catalog, Dataset, Evaluation};
use clip_lab_cli::{EvalArgs, answer, out, print, say, shown};
use serde_json::{Value, json};

use super::{
    Metrics,
    confused::Confusion,
    print_metrics,
    record::{Home, check_name, name_after},
    suite::Suites,
};
use crate::{
    commands::{sources, subject::Data, target::Target, viewer::Viewer, words::Renamed},
    data::identity,
    train::View,
};

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
    let target = Target::find(model, other.weights, &args.set, store, catalog)?;
    let outcome = judge(model, args, store, catalog, &Viewer::build(&target)?)?;
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

fn judge(model: &str, args: &EvalArgs, store: &Path, catalog: &Catalog, viewer: &Viewer) -> Result<Outcome> {
    let other = &args.other;
    let Data { named, parts } = Data::open(&other.data, model, &args.set, store, catalog)?;
    let (split, data) = sources::choose(parts, other.split.as_deref()).with_context(|| named.clone())?;
    let data = match viewer.classes() {
        Some(classes) => Box::new(Renamed::counted(data, classes).with_context(|| named.clone())?),
        None => data,
    };
    let data: Arc<dyn Dataset> = data.into();
    data.skipped().iter().for_each(|words| say!("{}: {}", shown(&named), shown(words)));
    let (templates, classifier) = (other.data.templates.as_deref(), viewer.classes().is_some());
    let suites = Suites::new(&other.suite, templates, classifier, data.as_ref(), catalog)?;
    let captions: usize = (0..data.len()).map(|index| data.captions(index).len()).sum();
    let (pictures, classes) = (data.len(), data.classes().len());
    let names = suites.names();
    say!(
        "{}, {split}: {pictures} pictures, {captions} captions, {classes} classes; evaluating {}",
        shown(&named),
        names.join(" and ")
    );
    let scene = viewer.towers();
    let view = View::new(&scene, data.clone(), &viewer.look(&data)?)?;
    let (found, classified) = suites.run(&view)?;
    let confusion = classified.map(|classified| Confusion::new(&classified, data.classes()));
    Ok(Outcome {
        name: other.name.clone().unwrap_or_else(|| name_after(&named, split)),
        settings: json!({
            "data": named, "split": split, "pictures": pictures, "captions": captions, "classes": classes,
            "suites": names, "templates": suites.templates(), "renamed": other.data.classes, "set": args.set,
        }),
        fingerprint: identity(data.as_ref()),
        found,
        confusion,
    })
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
        lines.iter().for_each(|line| out!("  {}", shown(line)));
    }
    match (home, kept) {
        (Some(home), Some(_)) => say!("kept with run {} as {}", home.run.uid, outcome.name),
        (Some(_), None) => say!("kept nowhere, as --no-record says"),
        (None, _) => say!("kept nowhere: no run of the store was named"),
    }
}
