//! Resuming a run, if spec, code and data are unchanged and its checkpoint is intact.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, bail, ensure};
use clip_lab_plan::Plan;
use clip_lab_spec::{Changes, changes, secret};
use clip_lab_store::{Environment, Level, Reader, Recorder, ResumePoint, RunRow, Status, Store};
use serde_json::Value;

use super::{LAST, Options, RunRecord, SPEC, identity};
use crate::{
    checkpoint::{self, Progress},
    environment::PROCESSES,
    monitor::Monitor,
};

/// Resumes the run that `selector` names from its last checkpoint.
///
/// # Errors
/// If the run is still running, its spec, the code or the data have changed, or its checkpoint is missing, damaged, or
/// of another spec.
pub fn resume(
    selector: &str,
    plan: &Plan,
    options: &Options,
    environment: &Environment,
    total: u64,
    monitor: &mut dyn Monitor,
) -> Result<RunRecord> {
    let run = inactive_run(&options.store, selector, monitor)?;
    let reader = Reader::open(&options.store)?;
    let (spec, recorded) = (reader.spec_text(run.id)?, reader.environment(run.id)?.extra);
    // The store holds no secrets.
    let (before, now) = (secret::spec(&spec), secret::spec(&plan.source.text));
    let changed = changes(&before, &recorded, &now, &digests(environment)).of_results();
    if !options.allow_changed {
        check_unchanged(&run, &changed)?;
    }
    let spec = identity(&spec);
    let progress = checkpoint_of(&run, &spec, total)?;
    let from = ResumePoint { step: progress.step, logged: progress.logged };
    let recorder = Recorder::resume(&options.store, &run.uid, from)?;
    record_processes(&recorder, &recorded, environment, plan.run.micro_batch, progress.step);
    if !changed.is_empty() {
        let text = format!("resumed with --allow-changed: {}", changed.summary());
        recorder.event(Level::Warning, "resume", Some(progress.step), &text);
    }
    Ok(RunRecord::of(recorder, options, run.name, spec, true))
}

/// The run to resume, if it is already finished.
///
/// # Errors
/// If the store cannot be read or has no such run.
pub fn finished(options: &Options) -> Result<Option<RunRow>> {
    let Some(selector) = &options.resume else { return Ok(None) };
    let run = Reader::open(&options.store)?.run(selector)?;
    Ok((run.status == Status::Finished).then_some(run))
}

/// The run, after checking that no process records it.
fn inactive_run(store: &Path, selector: &str, monitor: &mut dyn Monitor) -> Result<RunRow> {
    let mut run = Reader::open(store)?.run(selector)?;
    let store = Store::open(store)?;
    if store.is_liveness_unknown(run.id)? {
        let (uid, host) = (&run.uid, &run.host);
        monitor
            .warn(&format!("run {uid} was started on {host}: checking for 15 s whether it is still running"));
        run = store.poll_liveness(run.id)?;
    }
    if run.status.is_live() {
        bail!("run {} is still {}: stop it first, then resume", run.uid, run.status);
    }
    Ok(run)
}

/// Records that the number of processes has changed.
fn record_processes(
    recorder: &Recorder,
    before: &BTreeMap<String, Value>,
    now: &Environment,
    micro_batch: usize,
    step: u64,
) {
    let count = |all: &BTreeMap<String, Value>| all.get(PROCESSES).and_then(Value::as_u64).unwrap_or(1);
    let (before, now) = (count(before), count(&now.extra));
    if before == now {
        return;
    }
    recorder.set_environment(PROCESSES, now.into());
    let mut message = format!("resumed with {now} instead of {before} processes");
    let level = if micro_batch > 0 { Level::Info } else { Level::Warning };
    if micro_batch == 0 {
        message +=
            "; without [run].micro_batch, dropout and drop path draw other random numbers from here on";
    }
    recorder.event(level, "processes", Some(step), &message);
}

/// The current digests of what affects results besides the spec.
fn digests(environment: &Environment) -> BTreeMap<String, String> {
    let is_digest = |key: &str| key == "code" || key.starts_with("data.");
    let texts = environment.extra.iter().filter(|(key, _)| is_digest(key));
    texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn check_unchanged(run: &RunRow, changed: &Changes) -> Result<()> {
    let (uid, copy) = (&run.uid, run.dir.join(SPEC));
    if !changed.spec.is_empty() {
        bail!(
            "the spec of run {uid} has changed ({}); resume with its own: clip-lab run {} --resume {uid}, or add \
             --allow-changed",
            Changes { other: Vec::new(), ..changed.clone() }.summary(),
            copy.display()
        );
    }
    if !changed.other.is_empty() {
        bail!(
            "run {uid} cannot be resumed unchanged: {}; start a new run, or add --allow-changed, which resumes it and records \
             the changes",
            changed.summary()
        );
    }
    Ok(())
}

/// The metadata of the last checkpoint, after checking that it is intact and of this run.
fn checkpoint_of(run: &RunRow, spec: &str, total: u64) -> Result<Progress> {
    let path = run.dir.join(LAST);
    ensure!(path.exists(), "run {} has no checkpoint ({}): start a new run", run.uid, path.display());
    let progress = checkpoint::verify(&path)?;
    ensure!(
        progress.spec == spec,
        "{} is a checkpoint of another spec than that of run {}",
        path.display(),
        run.uid
    );
    ensure!(
        progress.step <= total,
        "{} is of step {}, but run {} ends at step {total}",
        path.display(),
        progress.step,
        run.uid
    );
    Ok(progress)
}
