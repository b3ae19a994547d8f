//! `clip-lab run`: trains the model of a spec.

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{Exit, RunArgs, Ui, note};
use clip_lab_plugin_api::Catalog;

use super::{overfit::overfit, study};
use crate::{
    console::Console,
    plan::{Plan, plan},
    signals,
    spec::Spec,
    train::{self, Ended, Options, finished},
};

/// Plans the spec and trains it.
///
/// # Errors
/// Every problem of the spec, or the error that stopped the run.
pub fn run(args: &RunArgs, store: &Path, catalog: &Catalog) -> Result<Exit> {
    if study::is_study_file(&args.spec) {
        return Err(study::study_error(&args.spec));
    }
    let mut plan = plan(Spec::read(&args.spec, &args.set)?.into_trusted(), catalog)?;
    if let Some(share) = args.share {
        limit_threads(&mut plan, share);
    }
    if let Some(steps) = args.overfit {
        return overfit(&plan, steps.get(), args.ui() == Some(Ui::Json)).map(Exit::of);
    }
    let options = Options {
        store: store.to_owned(),
        uid: args.uid.clone(),
        resume: args.resume.clone(),
        allow_changed: args.study.allow_changed,
        name: args.name.clone(),
        study: args.of_study.clone(),
        arm: args.arm.clone(),
    };
    if let Some(run) = finished(&options)? {
        note!("run {} ({}) is finished at step {}: nothing to resume", run.uid, run.name, run.step);
        return Ok(Exit::Success);
    }
    // The dashboard belongs to the other binary; here it falls back to plain lines.
    let ui = match args.ui() {
        None | Some(Ui::Dashboard) => Ui::Plain,
        Some(ui) => ui,
    };
    let ended = train::run(&plan, &options, &mut Console::new(ui), signals::listen()?)?;
    Ok(match ended {
        Ended::Finished => Exit::Success,
        Ended::Stopped { .. } => Exit::Interrupted,
        Ended::NonFinite { .. } => Exit::Failure,
    })
}

/// Limits the threads of a run that shares the machine. Thread counts set in the spec keep their value, and the record
/// is unchanged.
fn limit_threads(plan: &mut Plan, share: usize) {
    for threads in [&mut plan.run.threads, &mut plan.run.workers] {
        if *threads == 0 {
            *threads = share;
        }
    }
}
