//! `clip-lab check`: every mistake of every spec and study; nothing is run.

use std::{io::IsTerminal as _, path::Path};

use anyhow::Result;
use clip_lab_api::Catalog;
use clip_lab_cli::{CheckArgs, Exit, answer, coloured, message, print, shown, talk};
use serde_json::{Value, json};

use super::study;
use crate::{
    plan::{Plan, plan_with_data},
    preflight::Preflight,
    spec::{Report, Spec},
};

/// What was found about one file.
pub(super) struct Found {
    /// Whether it can run.
    pub good: bool,
    /// What it is, in words.
    pub words: String,
    /// What is wrong with it.
    pub reports: Vec<Report>,
    /// All of it for programs.
    pub json: Value,
}

/// Checks every spec and every arm of a study, and says which can run.
///
/// # Errors
/// None of its own: what is wrong with a spec is printed.
pub fn check(args: &CheckArgs, catalog: &Catalog) -> Result<Exit> {
    let (mut good, mut all) = (true, Vec::new());
    for path in &args.specs {
        let found = match study::holds_study(path) {
            true => study::check(path, &args.set, catalog),
            false => one(path, args, catalog),
        };
        good &= found.good;
        if args.json {
            all.push(found.json);
        } else {
            found.reports.iter().for_each(tell);
            print(found.words);
        }
    }
    if args.json {
        print(answer(json!({ "good": good, "specs": all })));
    }
    Ok(if good { Exit::Fine } else { Exit::Mistakes })
}

/// A spec, and what it will cost unless many are asked about.
fn one(path: &Path, args: &CheckArgs, catalog: &Catalog) -> Found {
    let plan = match read(path, args, catalog) {
        Ok(plan) => plan,
        Err(report) => {
            let json = json!({ "spec": path, "good": false, "problems": problems(&report) });
            return Found { good: false, words: String::new(), reports: vec![report], json };
        }
    };
    let mut json = json!({ "spec": path, "good": true, "summary": summary(&plan) });
    let mut words = format!("{}: {}\n", shown(path.display()), summary(&plan));
    let wanted = args.cost || (args.specs.len() == 1 && !args.no_cost);
    match wanted.then(|| Preflight::of(&plan)) {
        Some(Ok(found)) => {
            words += &found.to_string();
            json["cost"] = json!(found);
        }
        Some(Err(error)) => {
            words += &message(format_args!("  what it costs cannot be told here: {error:#}"));
            json["cost_unknown"] = json!(format!("{error:#}"));
        }
        None => {}
    }
    Found { good: true, words, reports: Vec::new(), json }
}

/// Says what is wrong with a spec.
pub(super) fn tell(report: &Report) {
    let colour = coloured(std::io::stderr().is_terminal());
    talk(format_args!("{}\n\n{}\n\n", report.render(colour), report.summary()));
}

/// Every problem with its line and column, from 1 on; none where the file as a whole is meant.
pub(super) fn problems(report: &Report) -> Vec<Value> {
    let ends: Vec<usize> = report.text.match_indices('\n').map(|(at, _)| at).collect();
    let place = |at: usize| {
        let at = report.text.floor_char_boundary(at);
        let line = ends.partition_point(|end| *end < at);
        let start = line.checked_sub(1).map_or(0, |before| ends[before] + 1);
        (line + 1, report.text[start..at].chars().count() + 1)
    };
    let one = |problem: &clip_lab_api::problem::Problem| {
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
    spec.own = args.before_run;
    plan_with_data(&spec, catalog)
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
            format!("{}{} to {} dimensions", shown(&text.encoder.name), locked("text"), plan.image.head.dim)
        }
        _ => "a classifier".to_owned(),
    };
    format!(
        "{} with {}{} and {against}, {} loss, {length} of {} in batches of {}",
        shown(&plan.name),
        shown(&plan.image.encoder.name),
        locked("image"),
        shown(&plan.loss.name),
        shown(&plan.data.train.name),
        plan.run.batch,
    )
}
