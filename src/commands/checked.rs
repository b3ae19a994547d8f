//! The result of checking a spec or a study, its problems, and the summary of a plan.

use std::io::IsTerminal as _;

use clip_lab_cli::{coloured, eprint, shown};
use clip_lab_plugin_api::diagnostics::Problem;
use serde_json::{Value, json};

use crate::{plan::Plan, spec::Report};

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
    let one = |problem: &Problem| {
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
