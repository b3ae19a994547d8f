//! Rejects finished runs of another spec, code or data, so that results are not mixed unnoticed.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use clip_lab_cli::RunArgs;
use clip_lab_spec::Study;
use clip_lab_store::Status;

use super::{
    history::{PastRun, belongs_to, past_runs, reader},
    matrix::Job,
    superseded::SUPERSEDED,
    table::NextCommands,
};
use crate::store;

/// Checks that finished runs of the study equal what would run now. With `--allow-changed`, adds a note to those that
/// do not.
///
/// # Errors
/// If some do not, with the differences.
pub fn check(store: &Path, study: &Study, jobs: &[Job], args: &RunArgs) -> Result<()> {
    let Some(reader) = reader(store)? else { return Ok(()) };
    let (rows, mut changed) = (reader.runs()?, Vec::new());
    for job in jobs {
        // The newest result counts.
        let done = past_runs(&reader, &rows, study, job)?
            .into_iter()
            .find(|past| past.row.status == Status::Finished);
        changed.extend(done.filter(|past| !past.changes.is_empty()).map(|past| (job, past)));
    }
    if changed.is_empty() {
        return Ok(());
    }
    if args.study.allow_changed {
        return if args.study.dry_run { Ok(()) } else { add_notes(store, study, &changed) };
    }
    let line = |(job, past): &(&Job, PastRun)| {
        format!("  {} run {}: {}\n", job.label(), past.row.uid, past.changes.summary())
    };
    let lines: String = changed.iter().map(line).collect();
    let again = NextCommands::new(study, store, args).run;
    bail!(
        "{} of study {} {} what would run now; nothing was run\n{lines}\n\
         {again} --fresh            runs everything again; the old runs stay in the store but are not compared\n\
         {again} --allow-changed    keeps them, with a note on each",
        if changed.len() == 1 {
            "1 finished run".to_owned()
        } else {
            format!("{} finished runs", changed.len())
        },
        study.name,
        if changed.len() == 1 { "is not" } else { "are not" },
    )
}

/// Adds a note to each run that was kept, unless it has it.
fn add_notes(store: &Path, study: &Study, changed: &[(&Job, PastRun)]) -> Result<()> {
    let store = store::open(store)?;
    let reader = store.reader()?;
    for (_, past) in changed {
        let text = format!("kept in study {} with --allow-changed: {}", study.name, past.changes.summary());
        if !reader.notes(past.row.id)?.iter().any(|note| note.text == text) {
            store.note(past.row.id, &text)?;
        }
    }
    Ok(())
}

/// Tags every past run of the jobs as superseded, unless `dry_run`.
///
/// # Errors
/// If one of them is live, or the store cannot be written.
pub fn supersede(store: &Path, study: &Study, jobs: &[Job], dry_run: bool) -> Result<()> {
    if !store.exists() {
        return Ok(());
    }
    let store = store::open(store)?;
    let rows = store.reader()?.runs()?;
    let rows: Vec<_> =
        rows.into_iter().filter(|row| jobs.iter().any(|job| belongs_to(row, study, job))).collect();
    for row in &rows {
        ensure!(
            !row.status.is_live(),
            "run {} of study {} is still {}: stop it before running everything again",
            row.uid,
            study.name,
            row.status
        );
    }
    for row in rows.iter().filter(|_| !dry_run) {
        store.tag(row.id, SUPERSEDED)?;
    }
    Ok(())
}
