//! What a [`crate::Reader`] answers with. Every row serializes, for `--json`.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use super::{Goal, RunId, Status};

/// One run as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// Its number in this store.
    pub id: RunId,
    /// Its name everywhere: 26 characters, sorts by time.
    pub uid: String,
    /// The name given in the spec.
    pub name: String,
    /// The study it belongs to.
    pub study: Option<String>,
    /// The arm of the study.
    pub arm: Option<String>,
    /// The seed.
    pub seed: u64,
    /// How it stands at this moment, judged by its heartbeat.
    pub status: Status,
    /// Why it ended, in a sentence.
    pub reason: Option<String>,
    /// How often it was started; 1 for a run never resumed.
    pub attempt: u32,
    /// Start of the first attempt, milliseconds since 1970.
    pub started_ms: i64,
    /// End of the last attempt; none while it runs or when it crashed.
    pub ended_ms: Option<i64>,
    /// The last sign of life, milliseconds since 1970.
    pub heartbeat_ms: i64,
    /// The last step recorded.
    pub step: u64,
    /// Epochs done at that step.
    pub epoch: f64,
    /// Image-text pairs seen at that step.
    pub samples: u64,
    /// The step at which it will end, when known.
    pub total_steps: Option<u64>,
    /// Steps a second: lately while it runs, over all active time once it has ended.
    pub rate: Option<f64>,
    /// Milliseconds of work, pauses between attempts excluded.
    pub active_ms: i64,
    /// The metric it is judged by.
    pub goal_metric: Option<String>,
    /// The folder of its files.
    pub dir: PathBuf,
    /// The machine it ran on.
    pub host: String,
    /// The process that records or recorded it.
    pub pid: i64,
}

/// What is known of a run besides its row, for filters and tables of many runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunFacts {
    /// The resolved settings: JSON text by dotted key.
    pub settings: BTreeMap<String, String>,
    /// Its tags, by name.
    pub tags: Vec<String>,
    /// Its notes, the oldest first.
    pub notes: Vec<String>,
}

/// One metric of one run, summed up. `last`, `min` and `max` are of finite values; none when there was no such value.
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
    /// The best value and its step in the sense of `goal`; none without a goal.
    pub fn best(&self) -> Option<(f64, u64)> {
        match self.goal {
            Goal::Up => self.max.zip(self.max_step),
            Goal::Down => self.min.zip(self.min_step),
            Goal::None => None,
        }
    }
}

/// One recorded value with all its x coordinates. NaN and infinities come back as they were logged.
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

/// Neighbouring points of a series summed up for drawing. The five values are NaN when `n` is 0.
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
    /// How many finite values.
    pub n: u64,
    /// How many NaN or infinite values.
    pub n_bad: u64,
}
