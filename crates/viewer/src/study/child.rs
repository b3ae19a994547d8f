//! A run as a child process: starts it, follows its log, stops it, and reads its outcome.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};
use clip_lab_files::{append_no_follow, replace_no_follow};
use clip_lab_spec::Study;
use clip_lab_store::{Reader, RunRow, Status, Store, StoreError, new_uid, run_folder};
use rustix::process::{Pid, Signal, kill_process};

use super::{matrix::Job, table::Outcome};
use crate::core;

/// A running child process.
pub struct Running {
    /// The index of its job.
    pub index: usize,
    uid: String,
    name: String,
    dir: PathBuf,
    spec: PathBuf,
    log: PathBuf,
    /// Bytes of the log that have been read.
    offset: u64,
    in_summary: bool,
    child: Child,
}

/// What all runs of a study are started with.
pub struct Launch<'a> {
    /// The store.
    pub store: &'a Path,
    /// The study.
    pub study: &'a Study,
    /// Threads of each run, if several run at once.
    pub share: Option<usize>,
    /// Whether to resume runs of other code and data.
    pub allow_changed: bool,
    /// Whether to allow code that checkpoints name.
    pub trust_code: bool,
}

impl Running {
    /// Starts a run, or resumes an old one.
    ///
    /// # Errors
    /// If its folder cannot be created or the core does not start.
    pub fn start(launch: &Launch, index: usize, job: &Job, resume: Option<&RunRow>) -> Result<Self> {
        let uid = resume.map_or_else(new_uid, |row| row.uid.clone());
        let dir = run_folder(launch.store, &uid)?;
        fs::create_dir_all(&dir).with_context(|| format!("creating the run's folder {}", dir.display()))?;
        let (spec, log) = (dir.join("spec.toml"), dir.join("log.txt"));
        if resume.is_none() {
            replace_no_follow(&spec)
                .and_then(|mut file| file.write_all(job.spec.as_bytes()))
                .with_context(|| format!("writing {}", spec.display()))?;
        }
        let name = format!("{}/{}/{}", launch.study.name, job.arm, job.seed);
        let mut command = core::command()?;
        command.arg("run").arg(&spec).arg("--store").arg(launch.store).args(["--ui", "plain"]);
        command.args(launch.trust_code.then_some("--trust-code"));
        match resume {
            Some(row) => {
                // Whether to resume a changed run is already decided.
                let allow = launch.allow_changed.then_some("--allow-changed");
                command.args(["--resume", &row.uid]).args(allow)
            }
            None => command.args([
                "--uid",
                &uid,
                "--name",
                &name,
                "--study",
                &launch.study.name,
                "--arm",
                &job.arm,
            ]),
        };
        if let Some(share) = launch.share {
            command.args(["--share", &share.to_string()]).env("OMP_NUM_THREADS", share.to_string());
        }
        let out = append_no_follow(&log).with_context(|| format!("opening {}", log.display()))?;
        let offset = out.metadata()?.len();
        // We print its output again, and foreign colour codes would be escaped.
        command.env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        // A process group of its own: Ctrl-C reaches it only through us, and it outlives us.
        let child = command.process_group(0).spawn().context("starting clip-lab-core")?;
        Ok(Self { index, uid, name, dir, spec, log, offset, in_summary: false, child })
    }

    /// The log lines since the last call, without the final summary.
    pub fn lines(&mut self) -> Vec<String> {
        let mut text = String::new();
        let read = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(self.offset))?;
            log.read_to_string(&mut text)
        });
        // An incomplete line is read next time.
        let Some(whole) = read.ok().and_then(|_| text.rfind('\n')).map(|at| &text[..=at]) else {
            return Vec::new();
        };
        self.offset += whole.len() as u64;
        let mut lines = Vec::new();
        for line in whole.lines() {
            self.in_summary |= line.is_empty();
            if !self.in_summary {
                lines.push(line.to_owned());
            }
        }
        lines
    }

    /// Stops the run after a checkpoint, or at once. The first is SIGUSR1 because the run may have received the SIGTERM that
    /// this process did, and a second one would end it without saving.
    pub fn stop(&self, at_once: bool) {
        let signal = if at_once { Signal::KILL } else { Signal::USR1 };
        // It may have ended already.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// The outcome; `None` while it runs.
    pub fn outcome(&mut self, store: &Path, metric: &str) -> Result<Option<Outcome>> {
        let Some(status) = self.child.try_wait()? else { return Ok(None) };
        let reader = Reader::open(store)?;
        let row = match reader.run(&self.uid) {
            Err(StoreError::NoSuchRun { .. }) => return Ok(Some(self.unrecorded())),
            found => found?,
        };
        let reason = || row.reason.clone().unwrap_or_else(|| "for an unknown reason".to_owned());
        Ok(Some(match row.status {
            Status::Finished => {
                let series = reader.series(row.id)?.into_iter().find(|series| series.name == metric);
                Outcome::Done {
                    uid: self.uid.clone(),
                    value: series.and_then(|series| series.last),
                    earlier: false,
                }
            }
            Status::Interrupted => Outcome::Stopped { uid: self.uid.clone() },
            live if live.is_live() => {
                let reason = exit_reason(status);
                Store::open(store)?.mark_failed_start(&self.uid, &self.name, &reason)?;
                Outcome::Failed { uid: Some(self.uid.clone()), reason }
            }
            _ => Outcome::Failed { uid: Some(self.uid.clone()), reason: reason() },
        }))
    }

    /// The outcome of a run that ended before it was recorded, from its log. Removes its files and, if empty, its
    /// folder.
    fn unrecorded(&self) -> Outcome {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        for file in [&self.spec, &self.log] {
            let _ = fs::remove_file(file);
        }
        let _ = fs::remove_dir(&self.dir);
        let log = log.trim();
        let reason = log.strip_prefix("error: ").unwrap_or(log);
        Outcome::Failed {
            uid: None,
            reason: if reason.is_empty() { "it printed no error".into() } else { reason.into() },
        }
    }

    /// The run's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }
}

fn exit_reason(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("its process was ended by signal {signal}"),
        (None, Some(code)) => format!("its process exited with code {code} without recording an end"),
        (None, None) => "its process has ended".to_owned(),
    }
}

/// The outcome of a run that could not be started.
pub fn not_started(error: &anyhow::Error) -> Outcome {
    Outcome::Failed { uid: None, reason: format!("{error:#}") }
}
