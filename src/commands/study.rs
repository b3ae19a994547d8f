//! What the core does for studies: plans every arm, and says what decides their results besides their specs.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, anyhow};
use clip_lab_api::{Catalog, Dataset, Planned, problem::Problem};
use clip_lab_cli::{Exit, FingerprintArgs, line, print, shown};
use serde_json::{Map, Value, json};

use super::check::{Found, problems, summary, tell};
use crate::{
    data::identity,
    plan::{Plan, Split, plan, plan_with_data, unreported},
    spec::{Arm, Report, Spec, Study, study::is_study, text_of},
    train::CODE,
};

/// Whether a file holds a study. One that cannot be read is told of by whoever reads it as a spec.
pub fn holds_study(file: &Path) -> bool {
    text_of(file).is_ok_and(|text| is_study(&text))
}

/// Plans every arm of a study: a line for each, or every mistake.
pub(super) fn check(file: &Path, sets: &[String], catalog: &Catalog) -> Found {
    let plans = Study::read(file)
        .map_err(|report| vec![report])
        .and_then(|study| Ok((plans(&study, sets, catalog, plan_with_data)?, study)));
    let (plans, study) = match plans {
        Ok(found) => found,
        Err(reports) => {
            let problems: Vec<Value> = reports.iter().flat_map(problems).collect();
            let json = json!({ "spec": file, "study": true, "good": false, "problems": problems });
            return Found { good: false, words: String::new(), reports, json };
        }
    };
    let (path, arms, seeds) = (shown(file.display()), study.arms.len(), study.seeds.len());
    let line = |(arm, plan): &(String, Plan)| format!("{path}, arm {}: {}\n", shown(arm), summary(plan));
    let mut words: String = plans.iter().map(line).collect();
    words += &format!(
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
    Found { good: true, words, reports: Vec::new(), json }
}

/// Prints as JSON what decides the results of every arm besides its spec: the code and the data.
///
/// # Errors
/// None of its own: what is wrong with the study is printed.
pub fn fingerprint(args: &FingerprintArgs, catalog: &Catalog) -> Result<Exit> {
    let found = Study::read(&args.study).map_err(|report| vec![report]).and_then(|study| {
        plans(&study, &args.set, catalog, |spec, catalog| plan(spec.clone().as_own(), catalog))
    });
    let plans = match found {
        Ok(plans) => plans,
        Err(reports) => {
            reports.iter().for_each(tell);
            return Ok(Exit::Mistakes);
        }
    };
    let mut known = BTreeMap::new();
    let arms: Map<String, Value> =
        plans.iter().map(|(arm, plan)| (arm.clone(), data(plan, &mut known))).collect();
    print(line(json!({ "code": CODE, "arms": arms })));
    Ok(Exit::Fine)
}

/// From a spec to its plan.
type Planning = fn(&Spec, &Catalog) -> Result<Plan, Report>;

/// The plan of every arm by its name, or the faults of all of them.
fn plans(
    study: &Study,
    sets: &[String],
    catalog: &Catalog,
    planning: Planning,
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
    planning: Planning,
) -> Result<Plan, Report> {
    let seed = study.seeds.first().copied().unwrap_or_default();
    let spec = study.spec(arm, seed, sets)?;
    let plan = planning(&spec, catalog)?;
    match unjudged(study, arm, &plan) {
        Some(problem) => Err(Report::new(&study.file.display().to_string(), "", vec![problem])),
        None => Ok(plan),
    }
}

/// What several arms have from the spec that they build on is said once, with the arms.
fn merged(study: &Study, found: Vec<(&Arm, Report)>) -> Vec<Report> {
    let mut reports: Vec<(Report, Vec<Vec<&str>>)> = Vec::new();
    for (arm, report) in found {
        let same = |(other, _): &&mut (Report, _)| other.file == report.file && other.text == report.text;
        let Some((known, arms)) = reports.iter_mut().find(same) else {
            let arms = vec![vec![arm.name.as_str()]; report.problems.len()];
            reports.push((report, arms));
            continue;
        };
        for problem in report.problems {
            match known.problems.iter().position(|other| *other == problem) {
                Some(at) => arms[at].push(&arm.name),
                None => {
                    known.problems.push(problem);
                    arms.push(vec![&arm.name]);
                }
            }
        }
    }
    reports.into_iter().map(|(report, arms)| with_arms(study, report, &arms)).collect()
}

/// Notes beside each problem of the study or of a base spec which arms have it; the text of an arm's own says it in its
/// name.
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

/// A metric that no evaluator reports would be missed only when every run has ended.
fn unjudged(study: &Study, arm: &Arm, plan: &Plan) -> Option<Problem> {
    let metric = study.metric_of(&arm.name);
    unreported(&metric, "the study's `metric`", &plan.evals, &plan.tricks, None)
}

/// The identities of an arm's data sets, or why one cannot be opened. Each data set is opened once.
fn data(plan: &Plan, known: &mut BTreeMap<String, Result<String, String>>) -> Value {
    let mut found = Map::new();
    let train = Some(("train", &plan.data.train));
    let others = [Split::Val, Split::Test].map(|split| Some((split.as_str(), plan.data.split(split)?)));
    for (name, planned) in [train].into_iter().chain(others).flatten() {
        let key = format!("{} {}", planned.name, planned.settings);
        match known.entry(key).or_insert_with(|| open(planned)) {
            Ok(identity) => found.insert(format!("data.{name}"), json!(identity)),
            Err(why) => found.insert("fault".to_owned(), json!(format!("[data.{name}]: {why}"))),
        };
    }
    Value::Object(found)
}

fn open(planned: &Planned<dyn Dataset>) -> Result<String, String> {
    planned.build(()).map(|data| identity(data.as_ref())).map_err(|error| format!("{error:#}"))
}

/// A study given to what runs single specs.
pub fn not_here(file: &Path) -> anyhow::Error {
    anyhow!("{file} is a study: `clip-lab run {file}` runs it", file = file.display())
}
