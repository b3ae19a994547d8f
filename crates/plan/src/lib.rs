//! Spec and catalog to plan: every setting read and checked, every problem reported at once.
//!
//! Nothing of the data is read here but a list of captions, and no tensor is made.

mod classifier;
mod cross;
mod data;
mod draft;
mod from;
mod length;
mod libraries;
mod lock;
mod metrics;
mod model;
mod parts;
mod planner;
mod preprocess;
mod root;
mod run;
pub mod schema;
mod tables;
mod task;
mod trust;

use clip_lab_api::{Catalog, problem::Problem};

pub use classifier::{Classifier, ClassifierInit};
pub use from::Weights;
pub use libraries::Libraries;
pub use metrics::unreported;
pub use parts::{DataPlan, EvalPlan, Head, ImageSide, ModelPlan, Plan, Setting, Split, TextSide};
pub use preprocess::Preprocess;
pub use run::{Precision, Run, Select};

use clip_lab_spec::{Report, Spec};
use draft::Draft;
use libraries::Extended;
use planner::Planner;

/// Plans a whole run.
///
/// # Errors
/// Every problem of the spec at once: within tables and between them.
pub fn plan(spec: Spec, catalog: &Catalog) -> Result<Plan, Report> {
    whole(&spec, catalog)
}

/// As [`plan`], and looks whether the data can be opened: what plans a run to look at its model does without them.
///
/// # Errors
/// As [`plan`]; and every data set that cannot be opened, as far as that is seen without a network.
pub fn plan_with_data(spec: &Spec, catalog: &Catalog) -> Result<Plan, Report> {
    let plan = whole(spec, catalog)?;
    let problems = data::missing(&plan.data);
    if problems.is_empty() { Ok(plan) } else { Err(spec.report(problems)) }
}

fn whole(spec: &Spec, catalog: &Catalog) -> Result<Plan, Report> {
    let extended = Extended::new(spec, catalog)?;
    let mut planner = Planner::new(spec, &extended.catalog);
    let draft = Draft::read(&mut planner);
    let (mut problems, mut config) = planner.finish();
    config.extend(extended.settings());
    problems.extend(cross::faults(&draft));
    problems.extend(length::faults(&draft, &spec.overrides));
    problems.extend(task::faults(&draft));
    match draft.complete(spec.source.clone(), config) {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(spec.report(problems)),
    }
}

/// Plans the model of a spec alone; the tables of training and data are not looked at.
///
/// # Errors
/// Every problem of the model's tables, and a spec without any tower.
pub fn plan_model(spec: Spec, catalog: &Catalog) -> Result<ModelPlan, Report> {
    let extended = Extended::new(&spec, catalog)?;
    let mut planner = Planner::new(&spec, &extended.catalog);
    let (image, text) = (planner.image(), planner.text());
    let (mut problems, _) = planner.finish();
    if !spec.has("model.image") && !spec.has("model.text") {
        let problem = Problem::new("the spec has no tower to embed with");
        problems.push(problem.help("add [model.image] or [model.text]"));
    }
    if problems.is_empty() {
        Ok(ModelPlan { image, text, source: spec.source })
    } else {
        Err(spec.report(problems))
    }
}
