//! What a run hands over to be recorded.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Everything known about a run before its first step.
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
    /// Where and with what it runs.
    pub environment: Environment,
    /// The step at which it will end, when known.
    pub total_steps: Option<u64>,
    /// The metric it is judged by, such as `val/hit@1`.
    pub goal_metric: Option<String>,
}

/// One resolved setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigEntry {
    /// Dotted key, such as `optimizer.lr`.
    pub key: String,
    /// The value as JSON text, such as `0.001` or `"siglip"`.
    pub value: String,
    /// Where it comes from: `default`, `override`, or `file:line`.
    pub origin: String,
}

/// Where and with what a run runs. What is unknown stays empty.
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
    /// Anything else worth keeping, each under its own name: `code`, `data.train`, ...
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// Where training stands: the x coordinates of whatever is logged with it. They never go back within an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Optimizer steps done.
    pub step: u64,
    /// Epochs done, fractional.
    pub epoch: f64,
    /// Image-text pairs seen.
    pub samples: u64,
}

/// Where in its record a run is resumed: what it recorded after the checkpoint no longer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// Optimizer steps done.
    pub step: u64,
    /// Log calls in the store when the checkpoint was written, from [`crate::Recorder::flush`]; none when unknown. What was
    /// logged later at the same step, such as the evaluation on `test`, counts no longer either.
    pub logged: Option<u64>,
}

impl From<u64> for ResumePoint {
    fn from(step: u64) -> Self {
        ResumePoint { step, logged: None }
    }
}

/// Ranks of the right answer for every query of one evaluation, kept so that paired tests need no second run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankSet {
    /// Step of the evaluated weights.
    pub step: u64,
    /// Split, such as `val` or `test`.
    pub split: String,
    /// What was evaluated: `retrieval`, `zero_shot` or `classification`.
    pub suite: String,
    /// From what to what: `i2t`, `t2i`, or `i2c` for classes.
    pub direction: String,
    /// `raw` or `ema`.
    pub weights: String,
    /// Rank of the best right answer, counted from 0; one for each query, in data order.
    pub ranks: Vec<u32>,
}

/// A file to record with a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewArtifact {
    /// A word such as `checkpoint`, `embeddings`, `chart`.
    pub kind: String,
    /// Its name within its kind, such as `best`; recording the same kind and name again replaces it.
    pub name: String,
    /// The step it was written at.
    pub step: Option<u64>,
    /// Where it is; relative to the run's folder when it lies there.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// A digest of its content, when one was taken.
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
    /// The word stored, such as `up`.
    pub fn as_str(self) -> &'static str {
        match self {
            Goal::Up => "up",
            Goal::Down => "down",
            Goal::None => "none",
        }
    }

    /// What a word stands for.
    pub fn from_word(word: &str) -> Goal {
        match word {
            "up" => Goal::Up,
            "down" => Goal::Down,
            _ => Goal::None,
        }
    }
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    #[default]
    Info,
    /// The run goes on, but look.
    Warning,
    /// Something failed.
    Error,
}

/// What a person asks of a running run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    /// Save a checkpoint and end.
    Stop,
    /// Save a checkpoint and go on.
    Checkpoint,
}
