//! Plans every arm of a study, and computes the fingerprints of its code and data.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, anyhow};
use clip_lab_cli::{Exit, FingerprintArgs, json_line, print, shown};
use clip_lab_plugin_api::{Catalog, Dataset, Planned, diagnostics::Problem};
use serde_json::{Map, Value, json};

use super::checked::{Checked, print_report, problems, summary};
use crate::{
    input::identity,
    plan::{Plan, Split, plan, plan_with_data, unreported},
    spec::{Arm, Report, Spec, Study, read_spec_text, study::is_study},
    train::CODE,
};

/// Whether a file is a study. False for an unreadable file, whose error is reported when it is read as a spec.
pub fn is_study_file(file: &Path) -> bool {
    read_spec_text(file).is_ok_and(|text| is_study(&text))
}

/// Plans every arm of a study; the result has a line for each, or every problem.
pub(super) fn check(file: &Path, sets: &[String], catalog: &Catalog) -> Checked {
    let plans = Study::read(file)
        .map_err(|report| vec![report])
        .and_then(|study| Ok((plans(&study, sets, catalog, plan_with_data)?, study)));
    let (plans, study) = match plans {
        Ok(found) => found,
        Err(reports) => {
            let problems: Vec<Value> = reports.iter().flat_map(problems).collect();
            let json = json!({ "spec": file, "study": true, "good": false, "problems": problems });
            return Checked { good: false, text: String::new(), reports, json };
        }
    };
    let (path, arms, seeds) = (shown(file.display()), study.arms.len(), study.seeds.len());
    let line = |(arm, plan): &(String, Plan)| format!("{path}, arm {}: {}\n", shown(arm), summary(plan));
    let mut text: String = plans.iter().map(line).collect();
    text += &format!(
        "{path}: {} runs ({arms} arms, {seeds} seeds) for {}, compared with {}\n",
        arms * seeds,
        shown(&study.metric),
        shown(&study.reference)
    );
    let arms: Map<String, Value> =
        plans.iter().map(|(arm, plan)| (arm.clone(), json!(summary(plan)))).collect();
    let json = json!({
        "spec": file, "study": true, "good": true, "arms": arms, "seeds": study.seeds, "metric": study.metric,
        "reference": study.reference,
    });
    Checked { good: true, text, reports: Vec::new(), json }
}

/// Prints the fingerprints of the code and of every arm's data as JSON. Problems of the study are printed, not returned.
pub fn fingerprint(args: &FingerprintArgs, catalog: &Catalog) -> Result<Exit> {
    let plans = Study::read(&args.study).map_err(|report| vec![report]).and_then(|study| {
        plans(&study, &args.set, catalog, |spec, catalog| plan(spec.clone().into_trusted(), catalog))
    });
    let plans = match plans {
        Ok(plans) => plans,
        Err(reports) => {
            reports.iter().for_each(print_report);
            return Ok(Exit::Invalid);
        }
    };
    let mut cache = BTreeMap::new();
    let arms: Map<String, Value> =
        plans.iter().map(|(arm, plan)| (arm.clone(), data(plan, &mut cache))).collect();
    print(json_line(json!({ "code": CODE, "arms": arms })));
    Ok(Exit::Success)
}

/// Plans a spec.
type PlanFn = fn(&Spec, &Catalog) -> Result<Plan, Report>;

/// The plan of every arm with its name, or all problems.
fn plans(
    study: &Study,
    sets: &[String],
    catalog: &Catalog,
    planning: PlanFn,
) -> Result<Vec<(String, Plan)>, Vec<Report>> {
    let (mut plans, mut reports) = (Vec::new(), Vec::new());
    for arm in &study.arms {
        match planned(study, arm, sets, catalog, planning) {
            Ok(plan) => plans.push((arm.name.clone(), plan)),
            Err(report) => reports.push((arm, report)),
        }
    }
    if reports.is_empty() { Ok(plans) } else { Err(merged(study, reports)) }
}

fn planned(
    study: &Study,
    arm: &Arm,
    sets: &[String],
    catalog: &Catalog,
    planning: PlanFn,
) -> Result<Plan, Report> {
    let seed = study.seeds.first().copied().unwrap_or_default();
    let spec = study.spec(arm, seed, sets)?;
    let plan = planning(&spec, catalog)?;
    match unreported_metric(study, arm, &plan) {
        Some(problem) => Err(Report::new(&study.file.display().to_string(), "", vec![problem])),
        None => Ok(plan),
    }
}

/// Merges the problems that several arms inherit from one base spec, and notes the arms.
fn merged(study: &Study, found: Vec<(&Arm, Report)>) -> Vec<Report> {
    let mut reports: Vec<(Report, Vec<Vec<&str>>)> = Vec::new();
    for (arm, report) in found {
        let same = |(other, _): &&mut (Report, _)| other.file == report.file && other.text == report.text;
        let Some((merged, arms)) = reports.iter_mut().find(same) else {
            let arms = vec![vec![arm.name.as_str()]; report.problems.len()];
            reports.push((report, arms));
            continue;
        };
        for problem in report.problems {
            match merged.problems.iter().position(|other| *other == problem) {
                Some(at) => arms[at].push(&arm.name),
                None => {
                    merged.problems.push(problem);
                    arms.push(vec![&arm.name]);
                }
            }
        }
    }
    reports.into_iter().map(|(report, arms)| with_arms(study, report, &arms)).collect()
}

/// Adds the arms to each problem of the study or of a base spec. An arm's own text already has the arm in its name.
fn with_arms(study: &Study, mut report: Report, arms: &[Vec<&str>]) -> Report {
    let shared = study.arms.iter().map(|arm| &arm.base).chain([&study.file]);
    if !shared.into_iter().any(|file| file.display().to_string() == report.file) {
        return report;
    }
    for (problem, arms) in report.problems.iter_mut().zip(arms) {
        let which = match arms.len() == study.arms.len() {
            true => "every arm".to_owned(),
            false => format!("arm {}", arms.join(", ")),
        };
        problem.note.get_or_insert_with(|| format!("in {which} of {}", study.file.display()));
    }
    report
}

/// Checks here that an evaluator reports the metric, instead of after all runs.
fn unreported_metric(study: &Study, arm: &Arm, plan: &Plan) -> Option<Problem> {
    let metric = study.metric_of(&arm.name);
    unreported(&metric, "the study's `metric`", &plan.evals, &plan.tricks, None)
}

/// The fingerprints of an arm's data sets, or the error of one that cannot be opened. Each data set is opened once.
fn data(plan: &Plan, cache: &mut BTreeMap<String, Result<String, String>>) -> Value {
    let mut found = Map::new();
    let train = Some(("train", &plan.data.train));
    let others = [Split::Val, Split::Test].map(|split| Some((split.as_str(), plan.data.split(split)?)));
    for (name, planned) in [train].into_iter().chain(others).flatten() {
        let key = format!("{} {}", planned.name, planned.settings);
        match cache.entry(key).or_insert_with(|| open(planned)) {
            Ok(identity) => found.insert(format!("data.{name}"), json!(identity)),
            Err(why) => found.insert("fault".to_owned(), json!(format!("[data.{name}]: {why}"))),
        };
    }
    Value::Object(found)
}

fn open(planned: &Planned<dyn Dataset>) -> Result<String, String> {
    planned.build(()).map(|data| identity(data.as_ref())).map_err(|error| format!("{error:#}"))
}

/// The error for a study in place of a single spec.
pub fn study_error(file: &Path) -> anyhow::Error {
    anyhow!("{file} is a study: run it with `clip-lab run {file}`", file = file.display())
}
