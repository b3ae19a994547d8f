//! Log calls with their points.

use serde::{Deserialize, Serialize};

use super::exact::Exact;

/// Log calls that a later attempt superseded: `from..to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The first.
    pub from: i64,
    /// The end.
    pub to: i64,
    /// The attempt.
    pub by: i64,
}

/// A log call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TickRecord {
    /// Its number.
    pub tick: i64,
    /// Optimizer step.
    pub step: i64,
    /// Epochs.
    pub epoch: Exact,
    /// Samples.
    pub samples: i64,
    /// When, milliseconds since 1970.
    pub wall_ms: i64,
    /// Milliseconds of work until then.
    pub active_ms: i64,
    /// The attempt.
    pub attempt: i64,
    /// The attempt that superseded it.
    pub superseded_by: Option<i64>,
}

/// Points of one metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeriesPoints {
    /// The metric.
    pub name: String,
    /// The log calls, ascending.
    pub ticks: Vec<i64>,
    /// The values.
    pub values: Vec<Exact>,
}

/// The log calls `from..to` of a run with their points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// The number of attempts when it was read.
    pub attempt: i64,
    /// The first log call.
    pub from: i64,
    /// The end.
    pub to: i64,
    /// The log calls, ascending.
    pub ticks: Vec<TickRecord>,
    /// The points by metric, in the order in which the metrics were recorded.
    pub series: Vec<SeriesPoints>,
}
