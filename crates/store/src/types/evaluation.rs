//! Evaluations of a run's weights after training.

use serde::Serialize;
use serde_json::Value;

use super::{Goal, RankSet};

/// An evaluation to record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewEvaluation {
    /// Its name, such as `cifar10`: the prefix of its metrics, as `val` or `test` is during training.
    pub name: String,
    /// Step of the evaluated weights.
    pub step: u64,
    /// `raw` or `ema`.
    pub weights: String,
    /// Fingerprint of the data.
    pub data: String,
    /// Checkpoint, path of the data, evaluators with their settings.
    pub settings: Value,
    /// The metrics, names without the prefix.
    pub metrics: Vec<(String, f64, Goal)>,
    /// The ranks; their `step`, `split` and `weights` are taken from the evaluation.
    pub ranks: Vec<RankSet>,
}

/// A stored evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationRow {
    /// Row id; increases with time.
    pub id: i64,
    /// When it was recorded, milliseconds since 1970.
    pub at_ms: i64,
    /// Its name. [`crate::Reader::ranks_of`] with this name as split returns the ranks of the latest evaluation of the
    /// same name, step and weights.
    pub name: String,
    /// Step of the evaluated weights.
    pub step: u64,
    /// `raw` or `ema`.
    pub weights: String,
    /// Fingerprint of the data.
    pub data: String,
    /// Checkpoint, path of the data, evaluators with their settings.
    pub settings: Value,
    /// The metrics by name.
    pub metrics: Vec<EvaluationMetric>,
}

/// One metric of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationMetric {
    /// The full name, such as `cifar10/zero_shot/top1`.
    pub name: String,
    /// Which direction is better.
    pub goal: Goal,
    /// The value; none when it was not finite.
    pub value: Option<f64>,
}
