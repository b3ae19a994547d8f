//! Starts the missing runs, follows them, and prints the table.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::Path,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, RunArgs, Ui, note, out, print, shown};
use clip_lab_spec::Study;
use clip_lab_store::{Host, Reader, RunRow, Status, recorder_ended};

use super::{
    child::{Launch, Running, not_started},
    decide::{Action, decide},
    history::past_runs,
    matrix::Job,
    signals::StopRequests,
    table::{NextCommands, Outcome, json, table},
};
use crate::store;

/// Time between two polls of the child processes.
const POLL: Duration = Duration::from_millis(100);

struct Runner<'a> {
    launch: Launch<'a>,
    reader: Reader,
    jobs: Vec<Job>,
    /// The largest number of concurrent runs.
    limit: usize,
    quiet: bool,
    /// Indices of jobs.
    waiting: VecDeque<usize>,
    /// Waiting jobs whose reason has been printed.
    announced: Vec<usize>,
    /// By index, the first heartbeat that was seen of a run on another machine.
    heartbeats: BTreeMap<usize, i64>,
    running: Vec<Running>,
    outcomes: Vec<Outcome>,
}

/// Runs all jobs without a result. Succeeds if all have one in the end. A run that fails is reported and stops no other.
///
/// # Errors
/// If the store cannot be used.
pub fn run(store: &Path, study: &Study, jobs: Vec<Job>, args: &RunArgs, trust_code: bool) -> Result<Exit> {
    create_store(store)?;
    let limit = args.study.jobs.map_or(1, |jobs| jobs.get());
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let mut runner = Runner {
        launch: Launch {
            store,
            study,
            share: (limit > 1).then(|| (cores / limit).max(1)),
            allow_changed: args.study.allow_changed,
            trust_code,
        },
        reader: Reader::open(store)?,
        limit,
        quiet: matches!(args.ui(), Some(Ui::None | Ui::Json)),
        waiting: (0..jobs.len()).collect(),
        announced: Vec::new(),
        heartbeats: BTreeMap::new(),
        running: Vec::new(),
        outcomes: vec![Outcome::NotRun; jobs.len()],
        jobs,
    };
    let requests = StopRequests::listen()?;
    runner.work(&requests)?;
    match args.ui() {
        Some(Ui::Json) => print(json(study, &runner.jobs, &runner.outcomes)),
        _ => print(table(study, &runner.jobs, &runner.outcomes, &NextCommands::new(study, store, args))),
    }
    Ok(match runner.outcomes.iter().all(Outcome::is_done) {
        false if requests.count() > 0 && !in_vain(&requests, &runner.outcomes) => Exit::Interrupted,
        complete => Exit::of(complete),
    })
}

/// Whether the scheduler's time limit left no time to save anything. Such a job must not be queued again, for ever.
fn in_vain(requests: &StopRequests, outcomes: &[Outcome]) -> bool {
    let remains = |outcome: &Outcome| matches!(outcome, Outcome::Stopped { .. } | Outcome::NotRun);
    requests.by_scheduler() && !outcomes.iter().any(remains)
}

/// Creates the store before runs start, so that none opens it half created.
pub fn create_store(store: &Path) -> Result<()> {
    let folder = store.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    if let Some(notice) = store::open(store)?.notice() {
        note!("{notice}");
    }
    Ok(())
}

impl Runner<'_> {
    fn work(&mut self, requests: &StopRequests) -> Result<()> {
        let mut handled = 0;
        loop {
            if requests.count() > handled {
                handled += 1;
                self.stop(handled);
            }
            if handled == 0 {
                self.start_waiting()?;
            }
            self.follow()?;
            if self.running.is_empty() && (self.waiting.is_empty() || handled > 0) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }

    fn stop(&self, requests: usize) {
        let message = match requests {
            1 => "stopping: every run saves a checkpoint first (again to stop at once)",
            _ => "stopping at once; the runs resume from their last checkpoints",
        };
        note!("{message}");
        self.running.iter().for_each(|running| running.stop(requests > 1));
    }

    /// Starts waiting runs up to the limit.
    fn start_waiting(&mut self) -> Result<()> {
        for _ in 0..self.waiting.len() {
            if self.running.len() >= self.limit {
                break;
            }
            let Some(index) = self.waiting.pop_front() else { break };
            // Decide again: another process may have run this job since the start.
            let past = past_runs(&self.reader, &self.reader.runs()?, self.launch.study, &self.jobs[index])?;
            match decide(past, self.launch.allow_changed, recorder_ended) {
                Action::Start => self.start(index, None),
                Action::Resume(past, step) => self.start(index, Some((&past.row, step))),
                Action::Crashed(past) => {
                    let uid = past.row.uid;
                    self.wait_for(index, &format!("run {uid} crashed; it resumes in a few seconds"));
                }
                Action::Elsewhere(row) if self.is_silent(index, &row) => {
                    let (uid, host) = (row.uid, row.host);
                    self.wait_for(
                        index,
                        &format!("run {uid} was started on {host}: checking whether it runs"),
                    );
                }
                Action::Done(past) => self.outcomes[index] = self.earlier(index, &past.row)?,
                Action::Elsewhere(row) => self.outcomes[index] = self.elsewhere(index, &row),
                Action::Diverged(row) => self.outcomes[index] = diverged(row),
            }
        }
        Ok(())
    }

    fn start(&mut self, index: usize, resume: Option<(&RunRow, u64)>) {
        let (done, of) = (self.jobs.len() - self.waiting.len(), self.jobs.len());
        match Running::start(&self.launch, index, &self.jobs[index], resume.map(|(row, _)| row)) {
            Ok(running) => {
                let how = match resume {
                    Some((_, step)) => format!("resumes at step {step}"),
                    None => "starts".to_owned(),
                };
                self.print_line(index, &format!("{how}, run {} ({done} of {of})", running.uid()));
                self.running.push(running);
            }
            Err(error) => self.outcomes[index] = not_started(&error),
        }
    }

    /// Waits until the store marks a run as crashed, some seconds after its process has ended.
    fn wait_for(&mut self, index: usize, why: &str) {
        if !self.announced.contains(&index) {
            self.print_line(index, why);
            self.announced.push(index);
        }
        self.waiting.push_back(index);
    }

    /// Whether a run of another machine has sent no heartbeat while this process watches it: its machine may have
    /// failed, and a scheduler has started this process in its place. After 15 s it counts as crashed.
    fn is_silent(&mut self, index: usize, row: &RunRow) -> bool {
        let watched = row.status != Status::Queued && row.host != Host::here().host;
        watched && *self.heartbeats.entry(index).or_insert(row.heartbeat_ms) == row.heartbeat_ms
    }

    fn earlier(&self, index: usize, row: &RunRow) -> Result<Outcome> {
        earlier(&self.reader, &self.metric(index), row)
    }

    fn elsewhere(&self, index: usize, row: &RunRow) -> Outcome {
        let detail = format!("{} in process {} on {}", row.status, row.pid, row.host);
        self.print_line(index, &format!("run {} is {detail}: skipped", row.uid));
        Outcome::Elsewhere { uid: row.uid.clone(), detail }
    }

    /// Prints new log lines, and collects runs that have ended.
    fn follow(&mut self) -> Result<()> {
        for mut running in std::mem::take(&mut self.running) {
            // Check before reading the log, so that its last lines are not missed.
            let outcome = running.outcome(self.launch.store, &self.metric(running.index))?;
            for line in running.lines() {
                self.print_line(running.index, &line);
            }
            match outcome {
                None => self.running.push(running),
                Some(outcome) => {
                    self.print_line(running.index, &self.describe(running.index, &outcome));
                    self.outcomes[running.index] = outcome;
                }
            }
        }
        Ok(())
    }

    /// The metric of a job.
    fn metric(&self, index: usize) -> String {
        self.launch.study.metric_of(&self.jobs[index].arm)
    }

    fn describe(&self, index: usize, outcome: &Outcome) -> String {
        let metric = self.metric(index);
        match outcome {
            Outcome::Done { value: Some(value), .. } => format!("finished: {metric} {value:.4}"),
            Outcome::Done { value: None, .. } => format!("finished without recording {metric}"),
            Outcome::Failed { reason, .. } => format!("failed: {reason}"),
            _ => "stopped, with a checkpoint".to_owned(),
        }
    }

    fn print_line(&self, index: usize, text: &str) {
        if !self.quiet {
            out!("{} {}", self.jobs[index].label(), shown(text));
        }
    }
}

/// The outcome of a run that had a result before, with its last value of `metric`.
pub fn earlier(reader: &Reader, metric: &str, row: &RunRow) -> Result<Outcome> {
    let value = reader.series(row.id)?.into_iter().find(|series| series.name == metric);
    Ok(Outcome::Done { uid: row.uid.clone(), value: value.and_then(|series| series.last), earlier: true })
}

/// The outcome of a run whose loss became NaN or infinite.
pub fn diverged(row: RunRow) -> Outcome {
    let why = row.reason.unwrap_or_else(|| "it diverged".to_owned());
    Outcome::Failed {
        uid: Some(row.uid),
        reason: format!("{why}; it would happen again (--fresh runs it anyway)"),
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::{SIGTERM, SIGUSR1};

    use super::*;

    #[test]
    fn a_time_limit_that_leaves_no_time_to_save_is_a_failure() {
        let failed = || Outcome::Failed { uid: None, reason: "stopped before training".into() };
        let stopped = || Outcome::Stopped { uid: "A".into() };
        let vain = |signal, outcomes: &[Outcome]| {
            let requests = StopRequests::default();
            requests.add(signal);
            in_vain(&requests, outcomes)
        };
        assert!(vain(SIGUSR1, &[failed()]));
        assert!(!vain(SIGUSR1, &[stopped()]));
        assert!(!vain(SIGUSR1, &[failed(), Outcome::NotRun]), "others can run next time");
        assert!(!vain(SIGTERM, &[failed()]));
    }
}
