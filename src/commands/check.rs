//! `clip-lab check`: reports every problem of specs and studies, without running them.

use std::{io::IsTerminal as _, path::Path};

use anyhow::Result;
use clip_lab_cli::{CheckArgs, Exit, coloured, eprint, json_document, message, print, shown};
use clip_lab_plugin_api::Catalog;
use serde_json::{Value, json};

use super::study;
use crate::{
    plan::{Plan, plan_with_data},
    preflight::Preflight,
    spec::{Report, Spec},
};

/// The result of checking one file.
pub(super) struct Checked {
    /// Whether the file is valid.
    pub good: bool,
    /// Summary, as text.
    pub text: String,
    /// Its problems.
    pub reports: Vec<Report>,
    /// The result for `--json`.
    pub json: Value,
}

/// Checks every spec and every arm of a study. Problems are printed, not returned.
pub fn check(args: &CheckArgs, catalog: &Catalog) -> Result<Exit> {
    let (mut good, mut all) = (true, Vec::new());
    for path in &args.specs {
        let checked = match study::is_study_file(path) {
            true => study::check(path, &args.set, catalog),
            false => check_spec(path, args, catalog),
        };
        good &= checked.good;
        if args.json {
            all.push(checked.json);
        } else {
            checked.reports.iter().for_each(print_report);
            print(checked.text);
        }
    }
    if args.json {
        print(json_document(json!({ "good": good, "specs": all })));
    }
    Ok(if good { Exit::Success } else { Exit::Invalid })
}

/// Checks a spec, and estimates its cost if it is the only one or `--cost` is set.
fn check_spec(path: &Path, args: &CheckArgs, catalog: &Catalog) -> Checked {
    let plan = match read(path, args, catalog) {
        Ok(plan) => plan,
        Err(report) => {
            let json = json!({ "spec": path, "good": false, "problems": problems(&report) });
            return Checked { good: false, text: String::new(), reports: vec![report], json };
        }
    };
    let mut json = json!({ "spec": path, "good": true, "summary": summary(&plan) });
    let mut text = format!("{}: {}\n", shown(path.display()), summary(&plan));
    let with_cost = args.cost || (args.specs.len() == 1 && !args.no_cost);
    match with_cost.then(|| Preflight::of(&plan)) {
        Some(Ok(preflight)) => {
            text += &preflight.to_string();
            json["cost"] = json!(preflight);
        }
        Some(Err(error)) => {
            text += &message(format_args!("  cannot estimate the cost: {error:#}"));
            json["cost_unknown"] = json!(format!("{error:#}"));
        }
        None => {}
    }
    Checked { good: true, text, reports: Vec::new(), json }
}

/// Prints the problems of a spec.
pub(super) fn print_report(report: &Report) {
    let colour = coloured(std::io::stderr().is_terminal());
    eprint(format_args!("{}\n\n{}\n\n", report.render(colour), report.summary()));
}

/// Every problem with its 1-based line and column; null for a problem of the whole file.
pub(super) fn problems(report: &Report) -> Vec<Value> {
    let ends: Vec<usize> = report.text.match_indices('\n').map(|(at, _)| at).collect();
    let place = |at: usize| {
        let at = report.text.floor_char_boundary(at);
        let line = ends.partition_point(|end| *end < at);
        let start = line.checked_sub(1).map_or(0, |before| ends[before] + 1);
        (line + 1, report.text[start..at].chars().count() + 1)
    };
    let one = |problem: &clip_lab_plugin_api::diagnostics::Problem| {
        let place = problem.place.as_ref().map(|range| place(range.start));
        json!({
            "file": report.file,
            "line": place.map(|(line, _)| line),
            "column": place.map(|(_, column)| column),
            "message": problem.message,
            "label": problem.label,
            "note": problem.note,
            "help": problem.help,
        })
    };
    report.problems.iter().map(one).collect()
}

fn read(path: &Path, args: &CheckArgs, catalog: &Catalog) -> Result<Plan, Report> {
    let mut spec = Spec::read(path, &args.set)?;
    spec.trusted = args.before_run;
    plan_with_data(&spec, catalog)
}

/// One-line summary of a plan.
pub(super) fn summary(plan: &Plan) -> String {
    let length = match (plan.run.epochs, plan.run.steps) {
        (Some(1), _) => "1 epoch".to_owned(),
        (Some(epochs), _) => format!("{epochs} epochs"),
        (None, steps) => format!("{} steps", steps.unwrap_or(0)),
    };
    let locked = |part: &str| {
        let mut frozen = plan.tricks.iter().flat_map(|trick| &trick.properties.frozen);
        if frozen.any(|frozen| frozen == part) { " (locked)" } else { "" }
    };
    let text_side = match (&plan.text, &plan.classifier) {
        (Some(text), None) => {
            format!("{}{} to {} dimensions", shown(&text.encoder.name), locked("text"), plan.image.head.dim)
        }
        _ => "a classifier".to_owned(),
    };
    format!(
        "{} with {}{} and {text_side}, {} loss, {length} of {} in batches of {}",
        shown(&plan.name),
        shown(&plan.image.encoder.name),
        locked("image"),
        shown(&plan.loss.name),
        shown(&plan.data.train.name),
        plan.run.batch,
    )
}
