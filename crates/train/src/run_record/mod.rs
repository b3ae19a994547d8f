//! The record of a run: its row in the store, its folder and its events.

mod resume;

use std::{
    cell::RefCell,
    fs::{self, Permissions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::{Better, Metric};
use clip_lab_spec::secret;
use clip_lab_store::{
    ConfigEntry, Environment, Goal, Level, NewArtifact, NewRun, Recorder, Status, migrate, new_uid,
};
use serde_json::json;

pub use resume::finished;

use super::{averaged_weights::WeightsKind, monitor::Monitor, ranks::Ranks};
use clip_lab_plan::Plan;

/// Command-line options of the record.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The store's file.
    pub store: PathBuf,
    /// The uid, if another process chose it.
    pub uid: Option<String>,
    /// The run to resume.
    pub resume: Option<String>,
    /// Whether to resume a run although its spec, the code or the data have changed.
    pub allow_changed: bool,
    /// A name that replaces the spec's.
    pub name: Option<String>,
    /// The study of the run.
    pub study: Option<String>,
    /// The study arm of the run.
    pub arm: Option<String>,
}

/// A run being recorded.
pub struct RunRecord {
    /// Writes to the store; its errors never stop a run.
    pub recorder: Recorder,
    /// The store's file.
    pub store: PathBuf,
    /// The run's folder.
    pub dir: PathBuf,
    /// The run's name.
    pub name: String,
    /// Digest of the spec.
    pub spec: String,
    /// Whether the run resumes from a checkpoint.
    pub resumed: bool,
}

impl RunRecord {
    /// Starts a new record, or resumes an existing one.
    ///
    /// # Errors
    /// If the store cannot be written, or the run to resume has changed, is still running, or has no valid checkpoint.
    pub fn open(
        plan: &Plan,
        options: &Options,
        environment: Environment,
        total: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Self> {
        let warn = RefCell::new(&mut *monitor);
        migrate(&options.store, &|wait| warn.borrow_mut().warn(&wait.to_string()))?;
        match &options.resume {
            Some(selector) => resume::resume(selector, plan, options, &environment, total, monitor),
            None => Self::start(plan, options, environment, total),
        }
    }

    /// The record `own` of rank 0, and on the other ranks one with the same names that records nothing.
    pub fn shared(own: Option<Self>, ranks: &Ranks, options: &Options) -> Result<Self> {
        let text = own.as_ref().map(|own| {
            json!([own.recorder.uid(), own.dir.to_string_lossy(), own.name, own.spec, own.resumed])
                .to_string()
        });
        let text = ranks.text_of_first(text.as_deref().unwrap_or(""))?;
        let (uid, dir, name, spec, resumed): (String, PathBuf, _, _, _) = serde_json::from_str(&text)?;
        let recorder = || Recorder::detached(uid, dir);
        Ok(own.unwrap_or_else(|| Self::of(recorder(), options, name, spec, resumed)))
    }

    fn start(plan: &Plan, options: &Options, environment: Environment, total: u64) -> Result<Self> {
        let name = options.name.clone().unwrap_or_else(|| plan.name.clone());
        let run = NewRun {
            uid: options.uid.clone().unwrap_or_else(new_uid),
            name: name.clone(),
            study: options.study.clone(),
            arm: options.arm.clone(),
            seed: plan.run.seed,
            spec_text: secret::spec(&plan.source.text),
            config: config(plan),
            environment,
            total_steps: Some(total),
            goal_metric: Some(plan.run.goal.clone()),
        };
        let recorder = Recorder::start(&options.store, run)?;
        let run_record = Self::of(recorder, options, name, identity(&plan.source.text), false);
        write_spec(&run_record.dir.join(SPEC), &plan.source.text)
            .with_context(|| format!("writing {}", run_record.dir.display()))?;
        Ok(run_record)
    }

    fn of(recorder: Recorder, options: &Options, name: String, spec: String, resumed: bool) -> Self {
        let (store, dir) = (options.store.clone(), recorder.folder().to_owned());
        Self { recorder, store, dir, name, spec, resumed }
    }

    /// The checkpoint to resume from.
    pub fn last(&self) -> PathBuf {
        self.dir.join(LAST)
    }

    /// The best weights of a kind.
    pub fn best(&self, weights: WeightsKind) -> PathBuf {
        self.dir.join(format!("{}.safetensors", weights.best()))
    }

    /// Records that a checkpoint was written.
    pub fn saved(&self, path: &Path, name: &str, step: u64) {
        let bytes = fs::metadata(path).map_or(0, |file| file.len());
        let path = path.strip_prefix(&self.dir).unwrap_or(path).to_owned();
        let (kind, name) = ("checkpoint".to_owned(), name.to_owned());
        self.recorder.artifact(NewArtifact { kind, name, step: Some(step), path, bytes, digest: None });
    }

    /// Records an event.
    pub fn event(&self, level: Level, kind: &str, step: u64, message: &str) {
        self.recorder.event(level, kind, Some(step), message);
    }

    /// Ends the record. Warns of lost records and of those that are only in the run's folder.
    pub fn finish(self, status: Status, reason: Option<&str>, monitor: &mut dyn Monitor) {
        if let Some(loss) = self.recorder.loss() {
            monitor.warn(&loss);
        }
        if let Some(fault) = self.recorder.finish(status, reason) {
            monitor.warn(&fault);
        }
    }
}

const LAST: &str = "last.safetensors";
/// The spec of the run.
const SPEC: &str = "spec.toml";

/// Whether higher or lower values of a metric are better, as its evaluator declares; none if it declares nothing.
pub fn goal(declared: Option<&Metric>) -> Goal {
    match declared.map(|metric| metric.better) {
        Some(Better::Higher) => Goal::Up,
        Some(Better::Lower) => Goal::Down,
        None => Goal::None,
    }
}

/// Digest of a spec without its secrets: signed URLs change while the experiment stays the same.
fn identity(spec: &str) -> String {
    blake3::hash(secret::spec(spec).as_bytes()).to_hex().to_string()
}

/// Writes the spec to the run's folder, from which the run resumes. It holds secrets that the store does not; in that
/// case only its owner may read it.
fn write_spec(path: &Path, spec: &str) -> io::Result<()> {
    let mut file = clip_lab_files::replace_no_follow(path)?;
    if secret::spec(spec) != spec {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    file.write_all(spec.as_bytes())
}

fn config(plan: &Plan) -> Vec<ConfigEntry> {
    let entry = |setting: &clip_lab_plan::Setting| ConfigEntry {
        key: setting.key.clone(),
        value: secret::json(&setting.key, &setting.value.to_string()),
        origin: setting.origin.clone(),
    };
    plan.config.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goal_is_declared_and_not_guessed_from_the_name() {
        assert_eq!(goal(Some(&Metric::share("my/share_of_low_ranks"))), Goal::Up);
        assert_eq!(goal(Some(&Metric::rank("my/place"))), Goal::Down);
        assert_eq!(goal(None), Goal::None);
    }
}
