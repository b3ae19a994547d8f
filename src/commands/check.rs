//! `clip-lab check`: reports every problem of specs and studies, without running them.

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{CheckArgs, Exit, json_document, message, print, shown};
use clip_lab_plugin_api::Catalog;
use serde_json::json;

use super::{
    checked::{Checked, print_report, problems, summary},
    study,
};
use crate::{
    plan::{Plan, plan_with_data},
    preflight::Preflight,
    spec::{Report, Spec},
};

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

fn read(path: &Path, args: &CheckArgs, catalog: &Catalog) -> Result<Plan, Report> {
    let mut spec = Spec::read(path, &args.set)?;
    spec.trusted = args.before_run;
    plan_with_data(&spec, catalog)
}
