//! Starts what is missing, follows it, and sums up.

use std::{collections::VecDeque, fs, path::Path, thread, time::Duration};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, RunArgs, Ui, out, print, say, shown};
use clip_lab_spec::Study;
use clip_lab_store::{Reader, RunRow, Store, recorder_ended};

use super::{
    child::{Running, Setting, not_started},
    past::pasts,
    signals::Asked,
    table::{End, Next, json, table},
    todo::{Todo, todo},
    wanted::Wanted,
};

/// Time between two looks at the children.
const PAUSE: Duration = Duration::from_millis(100);

struct Runner<'a> {
    setting: Setting<'a>,
    wanted: Vec<Wanted>,
    jobs: usize,
    quiet: bool,
    waiting: VecDeque<usize>,
    /// Waiting runs of which it was said why.
    excused: Vec<usize>,
    running: Vec<Running>,
    ends: Vec<End>,
}

/// Runs all that is wanted and has no result. Success when all of it has one in the end.
///
/// # Errors
/// Those of the store; a run that fails is told, and stops no other.
pub fn run(
    store: &Path,
    study: &Study,
    wanted: Vec<Wanted>,
    args: &RunArgs,
    trust_code: bool,
) -> Result<Exit> {
    let jobs = args.study.jobs.map_or(1, |jobs| jobs.get());
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let mut runner = Runner {
        setting: Setting {
            store,
            study,
            share: (jobs > 1).then(|| (cores / jobs).max(1)),
            allow_changed: args.study.allow_changed,
            trust_code,
        },
        jobs,
        quiet: matches!(args.ui(), Some(Ui::None | Ui::Json)),
        waiting: (0..wanted.len()).collect(),
        excused: Vec::new(),
        running: Vec::new(),
        ends: vec![End::Waiting; wanted.len()],
        wanted,
    };
    // Made before the runs start, so that nobody finds it half made.
    let folder = store.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    if let Some(notice) = Store::open(store)?.notice() {
        say!("{notice}");
    }
    let asked = Asked::listen()?;
    runner.work(&asked)?;
    match args.ui() {
        Some(Ui::Json) => print(json(study, &runner.wanted, &runner.ends)),
        _ => print(table(study, &runner.wanted, &runner.ends, &Next::new(study, store, &args.set))),
    }
    Ok(match runner.ends.iter().all(End::is_done) {
        false if asked.times() > 0 => Exit::Interrupted,
        complete => Exit::of(complete),
    })
}

impl Runner<'_> {
    fn work(&mut self, asked: &Asked) -> Result<()> {
        let mut heard = 0;
        loop {
            if asked.times() > heard {
                heard += 1;
                self.stop(heard);
            }
            if heard == 0 {
                self.launch()?;
            }
            self.follow()?;
            if self.running.is_empty() && (self.waiting.is_empty() || heard > 0) {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    fn stop(&self, times: usize) {
        let words = match times {
            1 => "stopping: every run saves a checkpoint first (again to stop at once)",
            _ => "stopping at once; the last checkpoints are the places to go on from",
        };
        say!("{words}");
        self.running.iter().for_each(Running::ask_to_stop);
    }

    /// Starts runs while there is room and one that can be started.
    fn launch(&mut self) -> Result<()> {
        for _ in 0..self.waiting.len() {
            if self.running.len() >= self.jobs {
                break;
            }
            let Some(index) = self.waiting.pop_front() else { break };
            // What was true when the study began may not be any more: others may be at work on it.
            let pasts = pasts(self.setting.store, self.setting.study, &self.wanted[index])?;
            match todo(pasts, self.setting.allow_changed, recorder_ended) {
                Todo::Start => self.start(index, None),
                Todo::Resume(past, step) => self.start(index, Some((&past.row, step))),
                Todo::Silent(past) => self.wait_for(index, &past.row),
                Todo::Done(past) => self.ends[index] = self.before(index, &past.row)?,
                Todo::Elsewhere(row) => self.ends[index] = self.elsewhere(index, &row),
                Todo::Diverged(row) => self.ends[index] = diverged(row),
            }
        }
        Ok(())
    }

    fn start(&mut self, index: usize, resume: Option<(&RunRow, u64)>) {
        let (done, of) = (self.wanted.len() - self.waiting.len(), self.wanted.len());
        match Running::start(&self.setting, index, &self.wanted[index], resume.map(|(row, _)| row)) {
            Ok(running) => {
                let how = match resume {
                    Some((_, step)) => format!("resumes at step {step}"),
                    None => "starts".to_owned(),
                };
                self.tell(index, &format!("{how}, run {} ({done} of {of})", running.uid()));
                self.running.push(running);
            }
            Err(error) => self.ends[index] = not_started(&error),
        }
    }

    /// Its process is gone; the store shows it as crashed once it has been silent for a while.
    fn wait_for(&mut self, index: usize, row: &RunRow) {
        if !self.excused.contains(&index) {
            self.tell(index, &format!("run {} ended without a word; it goes on in a few seconds", row.uid));
            self.excused.push(index);
        }
        self.waiting.push_back(index);
    }

    fn before(&self, index: usize, row: &RunRow) -> Result<End> {
        let series = Reader::open(self.setting.store)?.series(row.id)?;
        let metric = self.metric(index);
        let value = series.into_iter().find(|series| series.name == metric);
        Ok(End::Done { uid: row.uid.clone(), value: value.and_then(|series| series.last), before: true })
    }

    fn elsewhere(&self, index: usize, row: &RunRow) -> End {
        let words = format!("{} in process {} on {}", row.status, row.pid, row.host);
        self.tell(index, &format!("run {} is {words}: it is left alone", row.uid));
        End::Elsewhere { uid: row.uid.clone(), words }
    }

    /// Hands on what the runs say, and takes note of those that have ended.
    fn follow(&mut self) -> Result<()> {
        for mut running in std::mem::take(&mut self.running) {
            // Asked before its log is read, so that nothing of the log is missed.
            let end = running.ended(self.setting.store, &self.metric(running.index))?;
            for line in running.lines() {
                self.tell(running.index, &line);
            }
            match end {
                None => self.running.push(running),
                Some(end) => {
                    self.tell(running.index, &self.last_word(running.index, &end));
                    self.ends[running.index] = end;
                }
            }
        }
        Ok(())
    }

    /// The metric that a run is judged by.
    fn metric(&self, index: usize) -> String {
        self.setting.study.metric_of(&self.wanted[index].arm)
    }

    fn last_word(&self, index: usize, end: &End) -> String {
        let metric = self.metric(index);
        match end {
            End::Done { value: Some(value), .. } => format!("finished: {metric} {value:.4}"),
            End::Done { value: None, .. } => format!("finished, and has not recorded {metric}"),
            End::Failed { reason, .. } => format!("failed: {reason}"),
            _ => "stopped, with a checkpoint".to_owned(),
        }
    }

    fn tell(&self, index: usize, words: &str) {
        if !self.quiet {
            out!("{} {}", self.wanted[index].label(), shown(words));
        }
    }
}

fn diverged(row: RunRow) -> End {
    let why = row.reason.unwrap_or_else(|| "it diverged".to_owned());
    End::Failed { uid: Some(row.uid), reason: format!("{why}; the same would happen again (--fresh tries)") }
}
