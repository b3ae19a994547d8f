//! Weights of a run evaluated again, after training.

use serde::Serialize;
use serde_json::Value;

use super::{Goal, RankSet};

/// An evaluation to record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewEvaluation {
    /// What it is called, such as `cifar10`: its metrics begin with that, as those of training begin with `val` or `test`.
    pub name: String,
    /// Step of the evaluated weights.
    pub step: u64,
    /// `raw` or `ema`.
    pub weights: String,
    /// Fingerprint of the data.
    pub data: String,
    /// Checkpoint, place of the data, evaluators with their settings.
    pub settings: Value,
    /// The metrics, names without the evaluation's own.
    pub metrics: Vec<(String, f64, Goal)>,
    /// The ranks; where they are stored follows from the evaluation, whatever they say themselves.
    pub ranks: Vec<RankSet>,
}

/// An evaluation as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationRow {
    /// Its number; grows with time.
    pub id: i64,
    /// When it was recorded, milliseconds since 1970.
    pub at_ms: i64,
    /// What it is called; the ranks of the last one of a name, step and weights are those in [`crate::Reader::ranks_of`] with
    /// this name as split.
    pub name: String,
    /// Step of the evaluated weights.
    pub step: u64,
    /// `raw` or `ema`.
    pub weights: String,
    /// Fingerprint of the data.
    pub data: String,
    /// Checkpoint, place of the data, evaluators with their settings.
    pub settings: Value,
    /// The metrics by name.
    pub metrics: Vec<EvaluationMetric>,
}

/// One number of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationMetric {
    /// The whole name, such as `cifar10/zero_shot/top1`.
    pub name: String,
    /// Which direction is better.
    pub goal: Goal,
    /// The value; none when it was not finite.
    pub value: Option<f64>,
}
