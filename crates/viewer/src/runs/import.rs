//! `clip-lab runs import`.

mod answer;
mod plan;
mod progress;
mod write;

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{ImportArgs, note};
use clip_lab_import::{Columns, Found, ImportedRun, find, read};
use clip_lab_store::{Reader, Store, StoreError};

use answer::Answer;
use plan::Plan;
use progress::Progress;

/// Imports the runs of other tools that the paths hold.
///
/// # Errors
/// If a path holds no run, no run can be read, or the store cannot be written.
pub fn import(store: &Path, args: &ImportArgs) -> Result<String> {
    let found: Vec<Found> = args.paths.iter().map(|path| find(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let columns = Columns {
        step: args.step_column.clone(),
        time: args.time_column.clone(),
        run: args.run_column.clone(),
    };
    let target = Target::open(store, args.dry_run)?;
    let (mut progress, mut answers, mut failed) = (Progress::default(), Vec::new(), None);
    for (at, one) in found.iter().enumerate() {
        progress.report(|| format!("reading {} ({} of {})", one.name, at + 1, found.len()));
        match read(one, &columns) {
            Ok(mut runs) => {
                let single = found.len() == 1 && runs.len() == 1;
                for run in &mut runs {
                    rename(run, args, single);
                    answers.push(add(run, &target, args, &mut progress)?);
                }
            }
            // Of several runs one that cannot be read does not hide the others.
            Err(error) => {
                note!("warning: {error}");
                failed = Some(error);
            }
        }
    }
    progress.clear();
    match failed {
        Some(error) if answers.is_empty() => Err(error.into()),
        _ => Ok(answer::output(&answers, args)),
    }
}

fn rename(run: &mut ImportedRun, args: &ImportArgs, single: bool) {
    if let Some(name) = &args.name {
        run.name = if single { name.clone() } else { format!("{name}/{}", run.name) };
    }
    let renamed = |old: &str| args.rename.iter().find(|(from, _)| from == old).map(|(_, to)| to.clone());
    run.points.rename(renamed, &mut run.left_out);
    for (metric, _) in &mut run.directions {
        if let Some(new) = renamed(metric) {
            *metric = new;
        }
    }
}

fn add(run: &ImportedRun, target: &Target, args: &ImportArgs, progress: &mut Progress) -> Result<Answer> {
    for warning in &run.warnings {
        note!("warning: {warning}");
    }
    let plan = Plan::new(run, target.reader()?.as_ref())?;
    if let Target::Store(store) = target {
        write::write(store, run, &plan, &args.tag, progress)?;
    }
    Ok(Answer::new(run, &plan))
}

/// Where runs go.
enum Target<'a> {
    /// Nothing is written. There may be no store yet.
    DryRun(&'a Path),
    Store(Box<Store>),
}

impl<'a> Target<'a> {
    fn open(store: &'a Path, dry_run: bool) -> Result<Target<'a>> {
        Ok(if dry_run { Target::DryRun(store) } else { Target::Store(Box::new(Store::open(store)?)) })
    }

    /// A reader of the store, if it exists.
    fn reader(&self) -> Result<Option<Reader>> {
        match self {
            Target::Store(store) => Ok(Some(store.reader()?)),
            Target::DryRun(path) => match Reader::open(path) {
                Err(StoreError::Missing(_) | StoreError::Unfinished(_)) => Ok(None),
                other => Ok(Some(other?)),
            },
        }
    }
}
