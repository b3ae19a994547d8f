//! Resuming a run: only what is still the same run, and whole.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, bail, ensure};
use clip_lab_plan::Plan;
use clip_lab_spec::{Changes, changes, secret};
use clip_lab_store::{Environment, Level, Reader, Recorder, ResumePoint, RunRow, Status, Store};

use super::{LAST, Options, RunRecord, SPEC, identity};
use crate::{
    checkpoint::{self, Progress},
    monitor::Monitor,
};

/// Resumes the run that `selector` means, from its last checkpoint.
///
/// # Errors
/// When the run still runs, its spec, the code or the data are not those that it ran with, or its checkpoint is missing,
/// damaged, or of another spec.
pub fn resume(
    selector: &str,
    plan: &Plan,
    options: &Options,
    environment: &Environment,
    total: u64,
    monitor: &mut dyn Monitor,
) -> Result<RunRecord> {
    let run = idle(&options.store, selector, monitor)?;
    let reader = Reader::open(&options.store)?;
    let (spec, then) = (reader.spec_text(run.id)?, reader.environment(run.id)?.extra);
    // The store holds no secrets.
    let (before, now) = (secret::spec(&spec), secret::spec(&plan.source.text));
    let changed = changes(&before, &then, &now, &decisive(environment)).of_results();
    if !options.allow_changed {
        refuse(&run, &changed)?;
    }
    let spec = identity(&spec);
    let progress = checkpoint_of(&run, &spec, total)?;
    let from = ResumePoint { step: progress.step, logged: progress.logged };
    let recorder = Recorder::resume(&options.store, &run.uid, from)?;
    if !changed.is_empty() {
        let text = format!("resumed with --allow-changed: {}", changed.summary());
        recorder.event(Level::Warning, "resume", Some(progress.step), &text);
    }
    Ok(RunRecord::of(recorder, options, run.name, spec, true))
}

/// The run to resume when it has nothing left to do.
///
/// # Errors
/// Those of the store.
pub fn finished(options: &Options) -> Result<Option<RunRow>> {
    let Some(selector) = &options.resume else { return Ok(None) };
    let run = Reader::open(&options.store)?.run(selector)?;
    Ok((run.status == Status::Finished).then_some(run))
}

/// The run, once nobody records it.
fn idle(store: &Path, selector: &str, monitor: &mut dyn Monitor) -> Result<RunRow> {
    let mut run = Reader::open(store)?.run(selector)?;
    let opened = Store::open(store)?;
    if opened.is_in_doubt(run.id)? {
        let (uid, host) = (&run.uid, &run.host);
        monitor.warn(&format!("run {uid} ran on {host}: watching for 15 s whether it still does"));
        run = opened.watch(run.id)?;
    }
    if run.status.is_live() {
        bail!("run {} is still {}: stop it first, then resume", run.uid, run.status);
    }
    Ok(run)
}

/// What decides results besides the spec, as it is now.
fn decisive(environment: &Environment) -> BTreeMap<String, String> {
    let decides = |key: &str| key == "code" || key.starts_with("data.");
    let texts = environment.extra.iter().filter(|(key, _)| decides(key));
    texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn refuse(run: &RunRow, changed: &Changes) -> Result<()> {
    let (uid, copy) = (&run.uid, run.dir.join(SPEC));
    if !changed.spec.is_empty() {
        bail!(
            "the spec is not the one that run {uid} ran ({}); resume with its own: clip-lab run {} --resume {uid}, or add \
             --allow-changed",
            Changes { other: Vec::new(), ..changed.clone() }.summary(),
            copy.display()
        );
    }
    if !changed.other.is_empty() {
        bail!(
            "run {uid} would not be the same run any more: {}; start a new one, or add --allow-changed, which resumes it and \
             records what has changed",
            changed.summary()
        );
    }
    Ok(())
}

/// What the last checkpoint says of itself, once it is known to be whole and of this run.
fn checkpoint_of(run: &RunRow, spec: &str, total: u64) -> Result<Progress> {
    let path = run.dir.join(LAST);
    ensure!(path.exists(), "run {} has no checkpoint ({}): start a new run", run.uid, path.display());
    let progress = checkpoint::verify(&path)?;
    ensure!(
        progress.spec == spec,
        "{} is a checkpoint of another spec than the one that run {} ran",
        path.display(),
        run.uid
    );
    ensure!(
        progress.step <= total,
        "{} is of step {}, and run {} ends at step {total}",
        path.display(),
        progress.step,
        run.uid
    );
    Ok(progress)
}
