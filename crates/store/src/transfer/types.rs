//! The records of a run in a form that another store can take: no row ids, so that only uids, names and log calls
//! identify anything.

mod exact;
mod lists;
mod log_calls;

use serde::{Deserialize, Serialize};

pub use self::{
    exact::Exact,
    lists::{
        ArtifactRecord, EvaluationRecord, EventRecord, NoteRecord, ProbeKey, ProbeRecord, RankKey, Thumbnail,
    },
    log_calls::{Chunk, SeriesPoints, Superseded, TickRecord},
};
use crate::db::Host;

/// How far the record of a run is. The later of two states of one record is the larger in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Extent {
    /// Number of attempts.
    pub attempt: i64,
    /// Number of log calls.
    pub logged: i64,
    /// The last heartbeat, milliseconds since 1970.
    pub heartbeat_ms: i64,
    /// End of the last attempt; 0 while it runs.
    pub ended_ms: i64,
    /// Whether the recording process is recorded; not while a copy is incomplete.
    pub complete: bool,
    /// The stored status.
    pub status: String,
}

/// The state of a run in a store, which decides whether anything has to be copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunState {
    /// The run.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// How far its record is.
    pub extent: Extent,
    /// The process of its last attempt.
    pub process: Host,
    /// A digest of everything else in the store, except values of points, ranks and probes.
    pub digest: String,
}

/// The row of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The name given in the spec.
    pub name: String,
    /// The study it belongs to.
    pub study: Option<String>,
    /// The arm of the study.
    pub arm: Option<String>,
    /// The seed, as stored.
    pub seed: i64,
    /// The text of the spec.
    pub spec_text: String,
    /// Planned number of steps.
    pub total_steps: Option<i64>,
    /// The metric that selects the best checkpoint.
    pub goal_metric: Option<String>,
    /// Why it ended.
    pub reason: Option<String>,
    /// When it was queued or started, milliseconds since 1970.
    pub created_ms: i64,
    /// Start of the first attempt.
    pub started_ms: Option<i64>,
    /// End of the last attempt.
    pub ended_ms: Option<i64>,
    /// The last step.
    pub step: i64,
    /// Epochs at that step.
    pub epoch: Exact,
    /// Samples at that step.
    pub samples: i64,
    /// Steps per second.
    pub rate: Option<Exact>,
    /// Milliseconds of work.
    pub active_ms: i64,
}

/// A metric with its summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricRecord {
    /// The metric.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Which direction is better.
    pub goal: String,
    /// Points, NaN and infinite ones: three counts.
    pub counts: [i64; 3],
    /// The first step at which it was not finite.
    pub first_bad_step: Option<i64>,
    /// The last, smallest and largest finite value.
    pub values: [Option<Exact>; 3],
    /// Their steps.
    pub steps: [Option<i64>; 3],
}

/// Everything of a run at one moment, except log calls and the content of ranks, probes and files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunHead {
    /// Its state.
    pub state: RunState,
    /// Its row.
    pub run: RunRecord,
    /// The settings: key, value as JSON, origin.
    pub config: Vec<(String, String, String)>,
    /// The environment: key, value as JSON.
    pub environment: Vec<(String, String)>,
    /// The metrics in the order in which they were recorded.
    pub metrics: Vec<MetricRecord>,
    /// The superseded log calls.
    pub superseded: Vec<Superseded>,
    /// The last log call that both stores have, to detect records that differ.
    pub common: Option<TickRecord>,
    /// The events.
    pub events: Vec<EventRecord>,
    /// The tags.
    pub tags: Vec<String>,
    /// The notes.
    pub notes: Vec<NoteRecord>,
    /// The evaluations after training.
    pub evaluations: Vec<EvaluationRecord>,
    /// The files.
    pub artifacts: Vec<ArtifactRecord>,
    /// The ranks.
    pub ranks: Vec<RankKey>,
    /// The probes.
    pub probes: Vec<ProbeKey>,
}
