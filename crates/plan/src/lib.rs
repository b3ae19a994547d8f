//! Turns a spec and the plugin catalog into a plan: reads and checks every setting, and reports all problems at once.
//!
//! Of the data only caption lists are read, and no tensor is made.

mod checkpoints;
mod classifier;
mod cross;
mod data;
mod draft;
mod from;
mod length;
mod letters;
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

use clip_lab_plugin_api::{Catalog, diagnostics::Problem};

pub use classifier::{Classifier, ClassifierInit};
pub use clip_lab_checkpoint::Weights;
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
/// All problems of the spec: within tables and between them.
pub fn plan(spec: Spec, catalog: &Catalog) -> Result<Plan, Report> {
    plan_run(&spec, catalog)
}

/// As [`plan`], and also checks that the data sets can be opened. Commands that need only the model use [`plan`].
///
/// # Errors
/// As [`plan`]; and every data set that cannot be opened, as far as that can be checked without a network.
pub fn plan_with_data(spec: &Spec, catalog: &Catalog) -> Result<Plan, Report> {
    let plan = plan_run(spec, catalog)?;
    let problems = data::missing(&plan.data);
    if problems.is_empty() { Ok(plan) } else { Err(spec.report(problems)) }
}

fn plan_run(spec: &Spec, catalog: &Catalog) -> Result<Plan, Report> {
    let extended = Extended::new(spec, catalog)?;
    let mut planner = Planner::new(spec, &extended.catalog);
    let draft = Draft::read(&mut planner);
    let (mut problems, mut config) = planner.finish();
    config.extend(extended.settings());
    problems.extend(cross::problems(&draft));
    problems.extend(length::problems(&draft, &spec.overrides));
    problems.extend(task::problems(&draft));
    match draft.complete(spec.source.clone(), config) {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(spec.report(problems)),
    }
}

/// Plans only the model of a spec; the training and data tables are ignored.
///
/// # Errors
/// Every problem of the model's tables, or a spec without a tower.
pub fn plan_model(spec: Spec, catalog: &Catalog) -> Result<ModelPlan, Report> {
    let extended = Extended::new(&spec, catalog)?;
    let mut planner = Planner::new(&spec, &extended.catalog);
    let (image, text) = (planner.image(), planner.text());
    let (mut problems, _) = planner.finish();
    if !spec.has("model.image") && !spec.has("model.text") {
        let problem = Problem::new("the spec has no tower");
        problems.push(problem.help("add [model.image] or [model.text]"));
    }
    if problems.is_empty() {
        Ok(ModelPlan { image, text, source: spec.source })
    } else {
        Err(spec.report(problems))
    }
}
