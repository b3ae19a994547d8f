//! The record of a run: its row in the store, its folder, its events.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_store::{
    ConfigEntry, Environment, Goal, Level, NewArtifact, NewRun, Reader, Recorder, Status, new_uid,
};

use super::shadow::WeightsKind;
use crate::plan::Plan;

/// What the command line says about the record.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The store.
    pub store: PathBuf,
    /// The uid to use, when another process chose it.
    pub uid: Option<String>,
    /// A run to go on with.
    pub resume: Option<String>,
    /// A name in place of the spec's.
    pub name: Option<String>,
    /// The study that the run belongs to.
    pub study: Option<String>,
    /// The arm of that study.
    pub arm: Option<String>,
}

/// A run being recorded.
pub struct Session {
    /// The way into the store; it never stops a run.
    pub recorder: Recorder,
    /// The store's file.
    pub store: PathBuf,
    /// The run's folder.
    pub dir: PathBuf,
    /// Identity of the spec that runs.
    pub spec: String,
    /// Whether a checkpoint is there to go on from.
    pub resumed: bool,
}

impl Session {
    /// Starts a new record, or goes on with an old one.
    ///
    /// # Errors
    /// When the store cannot be written, or the run to go on with is another one, still running, or has no checkpoint.
    pub fn open(plan: &Plan, options: &Options, environment: Environment, total: u64) -> Result<Self> {
        let spec = blake3::hash(plan.source.text.as_bytes()).to_hex().to_string();
        match &options.resume {
            Some(selector) => Self::resume(selector, options, spec),
            None => Self::start(plan, options, environment, total, spec),
        }
    }

    fn start(
        plan: &Plan,
        options: &Options,
        environment: Environment,
        total: u64,
        spec: String,
    ) -> Result<Self> {
        let uid = options.uid.clone().unwrap_or_else(new_uid);
        let dir = run_dir(&options.store, &uid)?;
        let run = NewRun {
            name: options.name.clone().unwrap_or_else(|| plan.name.clone()),
            study: options.study.clone(),
            arm: options.arm.clone(),
            seed: plan.run.seed,
            spec_text: plan.source.text.clone(),
            config: config(plan),
            environment,
            total_steps: Some(total),
            goal_metric: Some(plan.run.goal.clone()),
            dir: dir.clone(),
            uid,
        };
        // What was never recorded leaves no folder; one that holds a log stays.
        let recorder = Recorder::start(&options.store, run).inspect_err(|_| drop(fs::remove_dir(&dir)))?;
        fs::write(dir.join("spec.toml"), &plan.source.text)
            .with_context(|| format!("writing {}", dir.display()))?;
        Ok(Self { recorder, store: options.store.clone(), dir, spec, resumed: false })
    }

    fn resume(selector: &str, options: &Options, spec: String) -> Result<Self> {
        let reader = Reader::open(&options.store)?;
        let run = reader.run(selector)?;
        if run.status.is_live() {
            bail!("run {} is still {}: stop it first, then resume", run.uid, run.status);
        }
        let ran = blake3::hash(reader.spec_text(run.id)?.as_bytes()).to_hex().to_string();
        let copy = run.dir.join("spec.toml");
        ensure!(
            ran == spec,
            "the spec is not the one that run {} ran; resume with its own: clip-lab run {} --resume {}",
            run.uid,
            copy.display(),
            run.uid
        );
        let checkpoint = run.dir.join(LAST);
        ensure!(
            checkpoint.exists(),
            "run {} has no checkpoint ({}): start it anew",
            run.uid,
            checkpoint.display()
        );
        let step = super::checkpoint::peek(&checkpoint)?.step;
        let recorder = Recorder::resume(&options.store, &run.uid, step)?;
        Ok(Self { recorder, store: options.store.clone(), dir: run.dir, spec, resumed: true })
    }

    /// The checkpoint to resume from.
    pub fn last(&self) -> PathBuf {
        self.dir.join(LAST)
    }

    /// The weights of a kind with the best goal.
    pub fn best(&self, weights: WeightsKind) -> PathBuf {
        self.dir.join(format!("{}.safetensors", weights.best()))
    }

    /// Records that a checkpoint was written.
    pub fn saved(&self, path: &Path, name: &str, step: u64) {
        let bytes = fs::metadata(path).map_or(0, |file| file.len());
        let path = path.to_owned();
        let (kind, name) = ("checkpoint".to_owned(), name.to_owned());
        self.recorder.artifact(NewArtifact { kind, name, step: Some(step), path, bytes, digest: None });
    }

    /// Records something that happened.
    pub fn event(&self, level: Level, kind: &str, step: u64, words: &str) {
        self.recorder.event(level, kind, Some(step), words);
    }

    /// Ends the record. What the store could not take is told: it waits beside it, in the run's folder.
    pub fn finish(self, status: Status, reason: Option<&str>) {
        let lost = self.recorder.dropped();
        if lost > 0 {
            clip_lab_cli::say!("{lost} records were lost: the store could not keep up");
        }
        if let Some(fault) = self.recorder.finish(status, reason) {
            clip_lab_cli::say!("{fault}");
        }
    }
}

const LAST: &str = "last.safetensors";

/// Which direction of a metric is better, by its name.
pub fn goal(metric: &str) -> Goal {
    let word = |words: &[&str]| words.iter().any(|word| metric.contains(word));
    if word(&["loss", "rank"]) {
        Goal::Down
    } else if word(&["hit@", "recall@", "top1", "top5", "per_class", "pairs_per_s"]) {
        Goal::Up
    } else {
        Goal::None
    }
}

/// The folder of a run, beside its store, as an absolute path.
fn run_dir(store: &Path, uid: &str) -> Result<PathBuf> {
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = folder.join(uid);
    fs::create_dir_all(&dir).with_context(|| format!("creating the run's folder {}", dir.display()))?;
    dir.canonicalize().with_context(|| dir.display().to_string())
}

fn config(plan: &Plan) -> Vec<ConfigEntry> {
    let entry = |setting: &crate::plan::Setting| ConfigEntry {
        key: setting.key.clone(),
        value: setting.value.to_string(),
        origin: setting.origin.clone(),
    };
    plan.config.iter().map(entry).collect()
}
