//! `clip-lab run STUDY`: runs what a study lacks, one process per run.
//!
//! ```text
//! study file -> matrix (arm x seed: spec, fingerprints) --with--> history (past runs) -> decide -> child processes
//!                                                                                             -> or a job of SLURM
//! ```

mod checkpoint;
mod child;
mod conflicts;
mod decide;
mod history;
mod matrix;
mod runner;
mod signals;
mod slurm;
mod superseded;
mod table;

use std::path::Path;

use anyhow::{Result, anyhow, bail, ensure};
use clip_lab_cli::{Exit, Launcher, RunArgs, Ui, json_document, print, shown};
use clip_lab_spec::{Study, read_spec_text, study::is_study};
use clip_lab_store::{Reader, recorder_ended};

use serde_json::json;

use decide::{Action, decide};
use history::{PastRun, past_runs, reader};
use matrix::{Job, matrix};

pub use superseded::{SUPERSEDED, is_superseded};

use crate::InvalidInput;

/// Whether a file is a study. An unreadable file is not; reading it as a spec reports the error.
pub fn is_study_file(file: &Path) -> bool {
    read_spec_text(file).is_ok_and(|text| is_study(&text))
}

/// Runs what the study in `args.spec` lacks. `trust_code` allows code that checkpoints name. Succeeds if every
/// requested run has a result.
///
/// # Errors
/// If the study is invalid, earlier results conflict with what would run now, or the store cannot be used.
pub fn run(store: &Path, args: &RunArgs, trust_code: bool) -> Result<Exit> {
    check_flags(args)?;
    let study = Study::read(&args.spec)
        .map_err(|report| InvalidInput::error(format_args!("the study cannot run\n\n{report}")))?;
    for arm in &args.study.only {
        study.arm(arm).map_err(|why| anyhow!("--only {arm}: {why}"))?;
    }
    for seed in &args.study.seeds {
        let seeds = &study.seeds;
        ensure!(seeds.contains(seed), "--seeds {seed}: the seeds of {} are {seeds:?}", args.spec.display());
    }
    let jobs = match matrix(&study, args, trust_code)? {
        Ok(jobs) => jobs,
        Err(exit) => return Ok(exit),
    };
    if args.study.fresh {
        conflicts::supersede(store, &study, &jobs, args.study.dry_run)?;
    } else {
        conflicts::check(store, &study, &jobs, args)?;
    }
    if args.study.launcher == Some(Launcher::Slurm) {
        return slurm::run(store, &study, &jobs, args, trust_code);
    }
    if args.study.dry_run {
        print(dry_run(store, &study, &jobs, args)?);
        return Ok(Exit::Success);
    }
    runner::run(store, &study, jobs, args, trust_code)
}

/// Rejects flags that do not apply to studies.
fn check_flags(args: &RunArgs) -> Result<()> {
    let study = args.spec.display();
    ensure!(args.resume.is_none(), "{study} is a study: it resumes interrupted runs without --resume");
    ensure!(args.name.is_none(), "{study} is a study: its runs are named after it, their arm and seed");
    match args.ui() {
        Some(Ui::Dashboard) => {
            bail!("{study} is a study: omit `--ui`, and watch its runs with `clip-lab dashboard`")
        }
        _ => Ok(()),
    }
}

/// What would run, a line for each run, or as JSON.
fn dry_run(store: &Path, study: &Study, jobs: &[Job], args: &RunArgs) -> Result<String> {
    let (mut out, mut rows) = (String::new(), Vec::new());
    let reader = if args.study.fresh { None } else { reader(store)? };
    let known = reader.as_ref().map_or(Ok(Vec::new()), Reader::runs)?;
    for job in jobs {
        let past = reader.as_ref().map_or(Ok(Vec::new()), |reader| past_runs(reader, &known, study, job))?;
        let text = match decide(past, args.study.allow_changed, recorder_ended) {
            Action::Done(past) => format!("has a result, run {}", past.row.uid),
            Action::Elsewhere(row) => format!("is {} elsewhere, run {}", row.status, row.uid),
            Action::Crashed(PastRun { row, checkpoint: Some(step), .. }) => {
                format!("crashed: would resume at step {step}, run {}", row.uid)
            }
            Action::Crashed(past) => format!("crashed without a checkpoint, run {}", past.row.uid),
            Action::Resume(past, step) => format!("would resume at step {step}, run {}", past.row.uid),
            Action::Diverged(row) => format!("diverged, run {}; it would diverge again", row.uid),
            Action::Start => "would run".to_owned(),
        };
        out += &format!("{}  {}\n", job.label(), shown(&text));
        rows.push(json!({ "arm": job.arm, "seed": job.seed, "would": text }));
    }
    Ok(if args.ui() == Some(Ui::Json) {
        json_document(json!({ "study": study.name, "runs": rows }))
    } else {
        out
    })
}
