//! `clip-lab run STUDY --launcher slurm`: the state of each run, and an array job for those that are missing.
//!
//! ```text
//! lock -> squeue (queued) -> store (past runs) -> decide -> script and elements -> sbatch -> table
//! ```
//!
//! The queue is read before the store: an element that ends in between has its result there.

mod options;
mod program;
mod queue;
mod script;
mod submission;

use std::{
    env,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, RunArgs, Ui, note, out, print, shown};
use clip_lab_spec::Study;
use clip_lab_store::{Host, Reader, Status, recorder_ended, store_dir};

use super::{
    decide::{Action, decide},
    history::{PastRun, past_runs, reader},
    matrix::Job,
    runner::{create_store, diverged, earlier},
    signals::StopRequests,
    table::{NextCommands, Outcome, json, table},
};
use queue::{Queue, Queued};
use script::Script;
use submission::{Submission, SubmissionLock};

/// How long a run on another machine is watched for a new heartbeat, if its last one is old.
const WATCH: Duration = Duration::from_secs(17);

/// The folder of submissions, beside the store.
const FOLDER: &str = "slurm";

/// Submits the runs without a result that are not in the queue. Succeeds if every run has a result, is in the queue or runs.
///
/// # Errors
/// If SLURM or the store cannot be used.
pub fn run(store: &Path, study: &Study, jobs: &[Job], args: &RunArgs, trust_code: bool) -> Result<Exit> {
    let options = options::split(args.study.sbatch.as_deref().unwrap_or_default())?;
    program::command("sbatch")?;
    let folder = store_dir(store)?.join(FOLDER);
    let view = View { store, study, jobs, args };
    if args.study.dry_run {
        let states = view.states(&queue::read(&folder, &study.name)?)?;
        let count = states.iter().filter(|state| state.missing).count();
        view.print(&states.into_iter().map(|state| state.outcome).collect::<Vec<_>>());
        if args.ui() != Some(Ui::Json) {
            out!("{count} of {} would be submitted", jobs.len());
        }
        return Ok(Exit::Success);
    }
    create_store(store)?;
    let lock = SubmissionLock::take(&folder)?;
    let states = view.states(&queue::read(&folder, &study.name)?)?;
    let missing: Vec<usize> = (0..jobs.len()).filter(|index| states[*index].missing).collect();
    let mut outcomes: Vec<Outcome> = states.into_iter().map(|state| state.outcome).collect();
    if !missing.is_empty() {
        // Ctrl-C would leave open whether the job was submitted.
        let requests = StopRequests::listen()?;
        let elements: Vec<&Job> = missing.iter().map(|index| &jobs[*index]).collect();
        let (program, here) =
            (env::current_exe()?, env::current_dir().context("finding the working directory")?);
        let script = Script { program: &program, folder: &here, store, args, trust_code }.text(&elements)?;
        let limit = args.study.jobs.map(usize::from);
        let submission = Submission {
            folder: &folder,
            study: &study.name,
            elements: &elements,
            script: &script,
            options: &options,
            limit,
        };
        let (job, output) = submission.submit(&lock)?;
        for (element, index) in missing.iter().enumerate() {
            outcomes[*index] = submitted(&job, element, &outcomes[*index]);
        }
        note!(
            "submitted {} as job {}; output in {}",
            count(missing.len()),
            shown(&job),
            shown(output.display())
        );
        if requests.count() > 0 {
            note!("the job was submitted before the interruption: `scancel {}` cancels it", shown(&job));
        }
    }
    drop(lock);
    view.print(&outcomes);
    Ok(Exit::of(!outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed { .. }))))
}

fn count(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}

/// The state of a run that was just submitted, with what it was before.
fn submitted(job: &str, element: usize, before: &Outcome) -> Outcome {
    let (uid, before) = match before {
        Outcome::Stopped { uid } => (Some(uid.clone()), ", resumes".to_owned()),
        Outcome::Failed { uid, reason } => (uid.clone(), format!(", failed before: {reason}")),
        _ => (None, String::new()),
    };
    Outcome::Job { state: "submitted", uid, detail: format!("job {job}_{element}{before}") }
}

/// The state of one arm and seed.
struct State {
    outcome: Outcome,
    /// Whether it has no result and no job.
    missing: bool,
}

/// What states are read of, and how they are printed.
struct View<'a> {
    store: &'a Path,
    study: &'a Study,
    jobs: &'a [Job],
    args: &'a RunArgs,
}

impl View<'_> {
    /// The state of every run. Waits until it is known of runs on other machines whose heartbeat is old.
    fn states(&self, queue: &Queue) -> Result<Vec<State>> {
        let reader =
            if self.args.study.fresh && self.args.study.dry_run { None } else { reader(self.store)? };
        let start = Instant::now();
        loop {
            let mut unknown = false;
            let mut states = Vec::new();
            let rows = reader.as_ref().map_or(Ok(Vec::new()), Reader::runs)?;
            for job in self.jobs {
                let queued = queue.get(&(job.arm.clone(), job.seed));
                let past = reader
                    .as_ref()
                    .map_or(Ok(Vec::new()), |reader| past_runs(reader, &rows, self.study, job))?;
                let failed = past.first().filter(|past| past.row.status == Status::Failed).cloned();
                let action = decide(past, self.args.study.allow_changed, recorder_ended);
                unknown |= queued.is_none() && is_unknown(&action);
                states.push(self.state(reader.as_ref(), job, queued, action, failed)?);
            }
            if !unknown || start.elapsed() > WATCH {
                return Ok(states);
            }
            thread::sleep(Duration::from_millis(500));
        }
    }

    fn state(
        &self,
        reader: Option<&Reader>,
        job: &Job,
        queued: Option<&Queued>,
        action: Action,
        failed: Option<PastRun>,
    ) -> Result<State> {
        let uid = match &action {
            Action::Resume(past, _) | Action::Crashed(past) => Some(past.row.uid.clone()),
            Action::Elsewhere(row) => Some(row.uid.clone()),
            _ => None,
        };
        let metric = self.study.metric_of(&job.arm);
        let outcome = match (action, queued, reader) {
            (Action::Done(past), _, Some(reader)) => earlier(reader, &metric, &past.row)?,
            (_, Some(Queued { state, detail }), _) => Outcome::Job { state, uid, detail: detail.clone() },
            (Action::Elsewhere(row), ..) => {
                let detail = format!("{} in process {} on {}", row.status, row.pid, row.host);
                Outcome::Elsewhere { uid: row.uid, detail }
            }
            (Action::Diverged(row), ..) => diverged(row),
            (action, ..) => return Ok(State { outcome: without_job(action, failed), missing: true }),
        };
        Ok(State { outcome, missing: false })
    }

    fn print(&self, outcomes: &[Outcome]) {
        print(match self.args.ui() {
            Some(Ui::Json) => json(self.study, self.jobs, outcomes),
            _ => {
                table(self.study, self.jobs, outcomes, &NextCommands::new(self.study, self.store, self.args))
            }
        });
    }
}

/// The state of a run that is missing: what became of it before.
fn without_job(action: Action, failed: Option<PastRun>) -> Outcome {
    match (action, failed) {
        (_, Some(PastRun { row, .. })) => {
            let reason = row.reason.unwrap_or_else(|| "for an unknown reason".to_owned());
            Outcome::Failed { uid: Some(row.uid), reason }
        }
        (Action::Resume(past, _) | Action::Crashed(past), None) => Outcome::Stopped { uid: past.row.uid },
        _ => Outcome::NotRun,
    }
}

/// Whether a run is on another machine and has an old heartbeat: its machine may have failed, or have a slow clock.
fn is_unknown(action: &Action) -> bool {
    matches!(action, Action::Elsewhere(row) if row.status == Status::Stalled && row.host != Host::here().host)
}
