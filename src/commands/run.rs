//! `clip-lab run`: trains the model of a spec.

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{Exit, RunArgs, Ui, note};
use clip_lab_plugin_api::Catalog;

use super::{overfit::overfit, processes, study};
use crate::{
    console::Console,
    input::cores,
    plan::{Plan, plan},
    signals,
    spec::Spec,
    train::{self, Monitor, Options, Ranks, RunEnd, Silent, finished},
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
    let Some(world) = processes::world(args, &plan)? else { return processes::launch(args) };
    if world.local_size > 1 {
        limit_threads(&mut plan, (cores() / world.local_size).max(1));
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
    let ranks = processes::connect(&world, args)?;
    if let Some(ranks) = ranks {
        return train_as_rank(&plan, &options, args, ranks);
    }
    if is_finished(&options)? {
        return Ok(Exit::Success);
    }
    let ended = train::run(&plan, &options, &mut Console::new(ui(args)), signals::listen()?)?;
    Ok(match ended {
        RunEnd::Finished => Exit::Success,
        RunEnd::Stopped { .. } => Exit::Interrupted,
        RunEnd::NonFinite { .. } => Exit::Failure,
    })
}

/// What rank 0 tells the others if there is nothing to resume.
const FINISHED: &str = "finished";

/// Trains as one of several processes. Rank 0 prints and has the exit code of a stopped run.
fn train_as_rank(plan: &Plan, options: &Options, args: &RunArgs, ranks: Ranks) -> Result<Exit> {
    let first = ranks.is_first();
    let mut monitor: Box<dyn Monitor> =
        if first { Box::new(Console::new(ui(args))) } else { Box::new(Silent) };
    let resumable = || {
        let own = if first && is_finished(options)? { FINISHED } else { "" };
        Ok(ranks.text_of_first(own)? != FINISHED)
    };
    match resumable() {
        Ok(true) => {}
        other => return ranks.leave(other.map(|_| Exit::Success)),
    }
    let ended = train::run_as_rank(plan, options, &mut *monitor, signals::listen()?, ranks)?;
    Ok(match ended {
        RunEnd::Finished => Exit::Success,
        RunEnd::Stopped { .. } if first => Exit::Interrupted,
        // Another code than that of rank 0 could hide it.
        RunEnd::Stopped { .. } => Exit::Success,
        RunEnd::NonFinite { .. } => Exit::Failure,
    })
}

/// Whether the run to resume is finished.
fn is_finished(options: &Options) -> Result<bool> {
    let run = finished(options)?;
    if let Some(run) = &run {
        note!("run {} ({}) is finished at step {}: nothing to resume", run.uid, run.name, run.step);
    }
    Ok(run.is_some())
}

fn ui(args: &RunArgs) -> Ui {
    // The dashboard belongs to the other binary; here it falls back to plain lines.
    match args.ui() {
        None | Some(Ui::Dashboard) => Ui::Plain,
        Some(ui) => ui,
    }
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
