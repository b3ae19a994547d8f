//! One run as a process of its own: started, followed by its log, asked to stop, and summed up.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};
use clip_lab_spec::Study;
use clip_lab_store::{Reader, RunRow, Status, Store, StoreError, new_uid, run_folder};
use rustix::process::{Pid, Signal, kill_process};

use super::{table::End, wanted::Wanted};
use crate::core;

/// A run under way.
pub struct Running {
    /// Which of the wanted ones.
    pub index: usize,
    uid: String,
    name: String,
    dir: PathBuf,
    spec: PathBuf,
    log: PathBuf,
    read: u64,
    summing_up: bool,
    child: Child,
}

/// What every run of a study is started with.
pub struct Setting<'a> {
    /// The store.
    pub store: &'a Path,
    /// The study.
    pub study: &'a Study,
    /// Threads for each, where runs share the machine.
    pub share: Option<usize>,
    /// Whether runs of other code and data are resumed.
    pub allow_changed: bool,
    /// Whether code is run that checkpoints name.
    pub trust_code: bool,
}

impl Running {
    /// Starts the run, or goes on with an old one.
    ///
    /// # Errors
    /// Those of the file system, and a core that does not start.
    pub fn start(setting: &Setting, index: usize, wanted: &Wanted, resume: Option<&RunRow>) -> Result<Self> {
        let uid = resume.map_or_else(new_uid, |row| row.uid.clone());
        let dir = run_folder(setting.store, &uid)?;
        fs::create_dir_all(&dir).with_context(|| format!("creating the run's folder {}", dir.display()))?;
        let (spec, log) = (dir.join("spec.toml"), dir.join("log.txt"));
        if resume.is_none() {
            fs::write(&spec, &wanted.spec).with_context(|| format!("writing {}", spec.display()))?;
        }
        let name = format!("{}/{}/{}", setting.study.name, wanted.arm, wanted.seed);
        let mut command = core::command()?;
        command.arg("run").arg(&spec).arg("--store").arg(setting.store).args(["--ui", "plain"]);
        command.args(setting.trust_code.then_some("--trust-code"));
        match resume {
            Some(row) => {
                // Whether a changed one is resumed was decided before it came here.
                let allow = setting.allow_changed.then_some("--allow-changed");
                command.args(["--resume", &row.uid]).args(allow)
            }
            None => command.args([
                "--uid",
                &uid,
                "--name",
                &name,
                "--study",
                &setting.study.name,
                "--arm",
                &wanted.arm,
            ]),
        };
        if let Some(share) = setting.share {
            command.args(["--share", &share.to_string()]).env("OMP_NUM_THREADS", share.to_string());
        }
        let out = File::options().create(true).append(true).open(&log)?;
        let read = out.metadata()?.len();
        // What it says is printed again by us, and colours of others are escaped then.
        command.env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        // Its own group: Ctrl-C reaches it once, through us; and it outlives us, as its record does.
        let child = command.process_group(0).spawn().context("starting clip-lab-core")?;
        Ok(Self { index, uid, name, dir, spec, log, read, summing_up: false, child })
    }

    /// The lines that it has printed since the last call, up to its closing summary.
    pub fn lines(&mut self) -> Vec<String> {
        let mut text = String::new();
        let read = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(self.read))?;
            log.read_to_string(&mut text)
        });
        // A line half written is read the next time.
        let Some(whole) = read.ok().and_then(|_| text.rfind('\n')).map(|at| &text[..=at]) else {
            return Vec::new();
        };
        self.read += whole.len() as u64;
        let mut lines = Vec::new();
        for line in whole.lines() {
            self.summing_up |= line.is_empty();
            if !self.summing_up {
                lines.push(line.to_owned());
            }
        }
        lines
    }

    /// Passes a wish to stop on.
    pub fn ask_to_stop(&self) {
        // One that has ended just now hears nothing, and need not.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    /// How it ended; none while it runs.
    ///
    /// # Errors
    /// Those of the system and of the store.
    pub fn ended(&mut self, store: &Path, metric: &str) -> Result<Option<End>> {
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
                End::Done {
                    uid: self.uid.clone(),
                    value: series.and_then(|series| series.last),
                    before: false,
                }
            }
            Status::Interrupted => End::Stopped { uid: self.uid.clone() },
            live if live.is_live() => {
                let words = last_breath(status);
                Store::open(store)?.mark_failed_start(&self.uid, &self.name, &words)?;
                End::Failed { uid: Some(self.uid.clone()), reason: words }
            }
            _ => End::Failed { uid: Some(self.uid.clone()), reason: reason() },
        }))
    }

    /// It ended before it was recorded: what it said is all there is, and its folder holds nothing else. What does not come
    /// from here stays.
    fn unrecorded(&self) -> End {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        for file in [&self.spec, &self.log] {
            let _ = fs::remove_file(file);
        }
        let _ = fs::remove_dir(&self.dir);
        let said = said.trim();
        let reason = said.strip_prefix("error: ").unwrap_or(said);
        End::Failed {
            uid: None,
            reason: if reason.is_empty() { "it said nothing".into() } else { reason.into() },
        }
    }

    /// The run's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }
}

fn last_breath(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("its process was ended by signal {signal}"),
        (None, Some(code)) => format!("its process ended with code {code} and left no word"),
        (None, None) => "its process is gone".to_owned(),
    }
}

/// The error of a run that could not even be started.
pub fn not_started(error: &anyhow::Error) -> End {
    End::Failed { uid: None, reason: format!("{error:#}") }
}
