//! Rows that a [`crate::Reader`] returns. Every row serializes, for `--json`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use super::{Goal, RunId, Status};

/// The current state of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// Row id in this store.
    pub id: RunId,
    /// Globally unique id: 26 characters, sorts by creation time.
    pub uid: String,
    /// The name given in the spec.
    pub name: String,
    /// The study it belongs to.
    pub study: Option<String>,
    /// The arm of the study.
    pub arm: Option<String>,
    /// The seed.
    pub seed: u64,
    /// Its status now, derived from its heartbeat.
    pub status: Status,
    /// Why it ended.
    pub reason: Option<String>,
    /// Number of attempts; 1 for a run never resumed.
    pub attempt: u32,
    /// Start of the first attempt, milliseconds since 1970.
    pub started_ms: i64,
    /// End of the last attempt; none while it runs or when it crashed.
    pub ended_ms: Option<i64>,
    /// The last heartbeat, milliseconds since 1970.
    pub heartbeat_ms: i64,
    /// The last step recorded.
    pub step: u64,
    /// Epochs completed at that step, fractional.
    pub epoch: f64,
    /// Image-text pairs seen at that step.
    pub samples: u64,
    /// Planned number of steps, if known.
    pub total_steps: Option<u64>,
    /// Steps per second: over the last 30 s while it runs, over all active time once it has ended.
    pub rate: Option<f64>,
    /// Milliseconds of work, pauses between attempts excluded.
    pub active_ms: i64,
    /// The metric that selects the best checkpoint.
    pub goal_metric: Option<String>,
    /// The folder of its files.
    pub dir: PathBuf,
    /// The machine it ran on.
    pub host: String,
    /// The process that records or recorded it.
    pub pid: i64,
}

/// Settings, tags and notes of a run, for filters and tables of many runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunDetails {
    /// The resolved settings: JSON text by dotted key.
    pub settings: BTreeMap<String, String>,
    /// Its tags, by name.
    pub tags: Vec<String>,
    /// Its notes, the oldest first.
    pub notes: Vec<String>,
}

/// Summary of one metric of one run. `last`, `min` and `max` are over finite values; none if there are none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesRow {
    /// The metric, such as `train/loss`.
    pub name: String,
    /// Its unit; empty when it has none.
    pub unit: String,
    /// Which direction is better.
    pub goal: Goal,
    /// Points recorded, NaN and infinite ones included.
    pub n: u64,
    /// How many were NaN.
    pub n_nan: u64,
    /// How many were infinite.
    pub n_inf: u64,
    /// The first step at which it was NaN or infinite.
    pub first_bad_step: Option<u64>,
    /// The last finite value.
    pub last: Option<f64>,
    /// Its step.
    pub last_step: Option<u64>,
    /// The smallest value.
    pub min: Option<f64>,
    /// Its step.
    pub min_step: Option<u64>,
    /// The largest value.
    pub max: Option<f64>,
    /// Its step.
    pub max_step: Option<u64>,
}

impl SeriesRow {
    /// The best value by `goal`, and its step; none without a goal.
    pub fn best(&self) -> Option<(f64, u64)> {
        match self.goal {
            Goal::Up => self.max.zip(self.max_step),
            Goal::Down => self.min.zip(self.min_step),
            Goal::None => None,
        }
    }
}

/// One recorded value with all its x coordinates. NaN and infinities are returned as logged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Optimizer step.
    pub step: u64,
    /// Epoch, fractional.
    pub epoch: f64,
    /// Image-text pairs seen.
    pub samples: u64,
    /// When it was logged, milliseconds since 1970.
    pub wall_ms: i64,
    /// Milliseconds of work until then.
    pub active_ms: i64,
    /// The value.
    pub value: f64,
}

/// Summary of neighbouring points of a series, for drawing. `min` to `last` are NaN when `n` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bucket {
    /// x of the first point.
    pub x0: f64,
    /// x of the last point.
    pub x1: f64,
    /// Smallest finite value.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
    /// Mean of the finite values.
    pub mean: f64,
    /// First finite value.
    pub first: f64,
    /// Last finite value.
    pub last: f64,
    /// Number of finite values.
    pub n: u64,
    /// Number of NaN or infinite values.
    pub n_bad: u64,
}
