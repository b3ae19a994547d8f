//! `clip-lab check`: every mistake of every spec and study; nothing is run.

use std::{io::IsTerminal as _, path::Path};

use anyhow::Result;
use clip_lab_api::Catalog;
use clip_lab_cli::CheckArgs;
use serde_json::json;

use super::study;
use crate::{
    plan::{Plan, plan},
    preflight::Preflight,
    spec::{Report, Spec},
};

/// Checks every spec and every arm of a study. True when all of them can run.
///
/// # Errors
/// None of its own: what is wrong with a spec is printed.
pub fn check(args: &CheckArgs, catalog: &Catalog) -> Result<bool> {
    let mut good = true;
    for path in &args.specs {
        if study::holds_study(path) {
            good &= study::check(path, &args.set, catalog);
            continue;
        }
        match read(path, &args.set, catalog) {
            Ok(plan) => show(path, &plan, args),
            Err(report) if args.json => {
                good = false;
                println!("{}", json!({ "spec": path, "good": false, "problems": report.render(false) }));
            }
            Err(report) => good = tell(&report),
        }
    }
    Ok(good)
}

/// Prints a plan, and what it will cost unless many are asked about.
fn show(path: &Path, plan: &Plan, args: &CheckArgs) {
    let wanted = args.cost || (args.specs.len() == 1 && !args.no_cost);
    let found = wanted.then(|| Preflight::of(plan));
    if args.json {
        let mut words = json!({ "spec": path, "good": true, "summary": summary(plan) });
        match &found {
            Some(Ok(found)) => words["cost"] = json!(found),
            Some(Err(error)) => words["cost_unknown"] = json!(format!("{error:#}")),
            None => {}
        }
        println!("{words}");
        return;
    }
    println!("{}: {}", path.display(), summary(plan));
    match found {
        Some(Ok(found)) => print!("{found}"),
        Some(Err(error)) => println!("  what it costs cannot be told here: {error:#}"),
        None => {}
    }
}

/// Prints what is wrong with a spec. Never good.
pub(super) fn tell(report: &Report) -> bool {
    let colour = std::io::stderr().is_terminal();
    eprintln!("{}\n\n{}\n", report.render(colour), report.summary());
    false
}

fn read(path: &Path, sets: &[String], catalog: &Catalog) -> Result<Plan, Report> {
    plan(Spec::read(path, sets)?, catalog)
}

/// A plan in one line.
pub(super) fn summary(plan: &Plan) -> String {
    let length = match (plan.run.epochs, plan.run.steps) {
        (Some(1), _) => "1 epoch".to_owned(),
        (Some(epochs), _) => format!("{epochs} epochs"),
        (None, steps) => format!("{} steps", steps.unwrap_or(0)),
    };
    let locked = |part: &str| {
        let mut frozen = plan.tricks.iter().flat_map(|trick| &trick.facts.frozen);
        if frozen.any(|frozen| frozen == part) { " (locked)" } else { "" }
    };
    let against = match (&plan.text, &plan.classifier) {
        (Some(text), None) => {
            format!("{}{} to {} dimensions", text.encoder.name, locked("text"), plan.image.head.dim)
        }
        _ => "a classifier".to_owned(),
    };
    format!(
        "{} with {}{} and {against}, {} loss, {length} of {} in batches of {}",
        plan.name,
        plan.image.encoder.name,
        locked("image"),
        plan.loss.name,
        plan.data.train.name,
        plan.run.batch,
    )
}
