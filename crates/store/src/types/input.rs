//! The records of a run.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The metadata of a run before its first step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// From [`crate::new_uid`].
    pub uid: String,
    /// The name in the spec; need not be unique.
    pub name: String,
    /// The study it belongs to.
    pub study: Option<String>,
    /// The arm of the study.
    pub arm: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The exact text of the spec that runs.
    pub spec_text: String,
    /// The resolved settings, flattened.
    pub config: Vec<ConfigEntry>,
    /// Machine, versions and code it runs with.
    pub environment: Environment,
    /// Planned number of steps, if known.
    pub total_steps: Option<u64>,
    /// The metric that selects the best checkpoint, such as `val/hit@1`.
    pub goal_metric: Option<String>,
}

/// One resolved setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigEntry {
    /// Dotted key, such as `optimizer.lr`.
    pub key: String,
    /// The value as JSON text, such as `0.001` or `"siglip"`.
    pub value: String,
    /// Its source: `default`, `override`, or `file:line`.
    pub origin: String,
}

/// Machine, versions and code of a run. Unknown fields stay empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// Commit of the working tree.
    pub git_commit: Option<String>,
    /// Branch of the working tree.
    pub git_branch: Option<String>,
    /// Whether the working tree differs from the commit.
    pub git_dirty: Option<bool>,
    /// That difference as a patch.
    pub git_diff: Option<String>,
    /// Versions by name: `clip-lab`, `libtorch`, `cuda`, `rustc`, ...
    pub versions: BTreeMap<String, String>,
    /// The device that trains, such as `cpu` or `cuda:0 (H100)`.
    pub device: Option<String>,
    /// The processor.
    pub cpu: Option<String>,
    /// Threads used for compute.
    pub threads: Option<u32>,
    /// Main memory, bytes.
    pub memory_bytes: Option<u64>,
    /// The machine.
    pub host: Option<String>,
    /// The operating system.
    pub os: Option<String>,
    /// The command line, program included.
    pub argv: Vec<String>,
    /// The working directory.
    pub cwd: Option<String>,
    /// Further entries by name: `code`, `data.train`, ...
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// Training progress: the x coordinates of the values logged with it. They never decrease within an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Optimizer steps done.
    pub step: u64,
    /// Epochs done, fractional.
    pub epoch: f64,
    /// Image-text pairs seen.
    pub samples: u64,
}

/// The point a run resumes from: records after the checkpoint are superseded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// Optimizer steps done.
    pub step: u64,
    /// Log calls in the store when the checkpoint was written, from [`crate::Recorder::flush`]; none when unknown. Later
    /// log calls of the same step, such as the evaluation on `test`, are superseded too.
    pub logged: Option<u64>,
}

impl From<u64> for ResumePoint {
    fn from(step: u64) -> Self {
        ResumePoint { step, logged: None }
    }
}

/// Rank of the correct answer for every query of one evaluation, stored for paired significance tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankSet {
    /// Step of the evaluated weights.
    pub step: u64,
    /// Split, such as `val` or `test`.
    pub split: String,
    /// What was evaluated: `retrieval`, `zero_shot` or `classification`.
    pub suite: String,
    /// Query and gallery: `i2t`, `t2i`, or `i2c` for classes.
    pub direction: String,
    /// `raw` or `ema`.
    pub weights: String,
    /// Rank of the best correct answer, from 0; one per query, in data order.
    pub ranks: Vec<u32>,
}

/// A file to record with a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewArtifact {
    /// Such as `checkpoint`, `embeddings`, `chart`.
    pub kind: String,
    /// Its name within its kind, such as `best`; recording the same kind and name again replaces it.
    pub name: String,
    /// The step it was written at.
    pub step: Option<u64>,
    /// Its path; relative to the run's folder if it is inside.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// A digest of its content, if one was computed.
    pub digest: Option<String>,
}

/// Which direction of a metric is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Larger is better.
    Up,
    /// Smaller is better.
    Down,
    /// Neither.
    #[default]
    None,
}

impl Goal {
    /// The stored name, such as `up`.
    pub fn as_str(self) -> &'static str {
        match self {
            Goal::Up => "up",
            Goal::Down => "down",
            Goal::None => "none",
        }
    }

    /// The goal of a stored name; [`Goal::None`] for any other.
    pub fn from_name(name: &str) -> Goal {
        match name {
            "up" => Goal::Up,
            "down" => Goal::Down,
            _ => Goal::None,
        }
    }
}

/// Severity of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Informational.
    #[default]
    Info,
    /// The run continues, but something needs attention.
    Warning,
    /// Something failed.
    Error,
}

/// A request to a running run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    /// Save a checkpoint and stop.
    Stop,
    /// Save a checkpoint and continue.
    Checkpoint,
}
