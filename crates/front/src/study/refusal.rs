//! Results of different specs, code or data are not mixed unawares.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use clip_lab_cli::RunArgs;
use clip_lab_spec::Study;
use clip_lab_store::{Status, Store};

use super::{
    SUPERSEDED,
    past::{Past, is_of, pasts},
    table::Next,
    wanted::Wanted,
};

/// Stops before anything runs when a finished run of the study is not what would run now; with `--allow-changed`, notes
/// it on that run.
///
/// # Errors
/// The runs and what differs.
pub fn refuse_mixing(store: &Path, study: &Study, wanted: &[Wanted], args: &RunArgs) -> Result<()> {
    let mut changed = Vec::new();
    for want in wanted {
        // Of several results the newest is the one that counts.
        let done = pasts(store, study, want)?.into_iter().find(|past| past.row.status == Status::Finished);
        changed.extend(done.filter(|past| !past.changes.is_empty()).map(|past| (want, past)));
    }
    if changed.is_empty() {
        return Ok(());
    }
    if args.study.allow_changed {
        return if args.study.dry_run { Ok(()) } else { note(store, study, &changed) };
    }
    let line = |(want, past): &(&Wanted, Past)| {
        format!("  {} run {}: {}\n", want.label(), past.row.uid, past.changes.words())
    };
    let lines: String = changed.iter().map(line).collect();
    let again = Next::new(study, store, &args.set).run;
    bail!(
        "{} of study {} {} what would run now; nothing was run\n{lines}\n\
         {again} --fresh            runs everything anew; the old runs are kept, and compared no more\n\
         {again} --allow-changed    keeps them beside the new ones, with a note on each",
        if changed.len() == 1 {
            "1 finished run".to_owned()
        } else {
            format!("{} finished runs", changed.len())
        },
        study.name,
        if changed.len() == 1 { "is not" } else { "are not" },
    )
}

/// Writes on each run that it was kept, once.
fn note(store: &Path, study: &Study, changed: &[(&Wanted, Past)]) -> Result<()> {
    let store = Store::open(store)?;
    let reader = store.reader()?;
    for (_, past) in changed {
        let words = format!("kept in study {} with --allow-changed: {}", study.name, past.changes.words());
        if !reader.notes(past.row.id)?.iter().any(|note| note.text == words) {
            store.note(past.row.id, &words)?;
        }
    }
    Ok(())
}

/// Takes every run of what is wanted out of the study.
///
/// # Errors
/// When one of them is under way, and those of the store.
pub fn supersede(store: &Path, study: &Study, wanted: &[Wanted], dry: bool) -> Result<()> {
    if !store.exists() {
        return Ok(());
    }
    let store = Store::open(store)?;
    let rows = store.reader()?.runs()?;
    let rows: Vec<_> =
        rows.into_iter().filter(|row| wanted.iter().any(|want| is_of(row, study, want))).collect();
    for row in &rows {
        ensure!(
            !row.status.is_live(),
            "run {} of study {} is still {}: stop it before running everything anew",
            row.uid,
            study.name,
            row.status
        );
    }
    for row in rows.iter().filter(|_| !dry) {
        store.tag(row.id, SUPERSEDED)?;
    }
    Ok(())
}
