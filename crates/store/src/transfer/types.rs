//! The records of a run in a form that another store can take: no row ids, so that only uids, names and log calls
//! identify anything.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{RankSet, db::Host};

/// A number that survives JSON bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(self.0.to_bits())
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u64::deserialize(from).map(|bits| Exact(f64::from_bits(bits)))
    }
}

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

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventRecord {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// `info`, `warning` or `error`.
    pub level: String,
    /// Such as `checkpoint`.
    pub kind: String,
    /// The step.
    pub step: Option<i64>,
    /// The message.
    pub text: String,
}

/// A note.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoteRecord {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The note.
    pub text: String,
}

/// An evaluation after training.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Its name.
    pub name: String,
    /// Step of the weights.
    pub step: i64,
    /// `raw` or `ema`.
    pub weights: String,
    /// Fingerprint of the data.
    pub data: String,
    /// Its settings, as JSON.
    pub settings: String,
    /// Name, goal and bits of the value of each metric, by name.
    pub metrics: Vec<(String, String, Option<u64>)>,
}

/// A file that the run has recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Such as `checkpoint`.
    pub kind: String,
    /// Its name within its kind.
    pub name: String,
    /// The step.
    pub step: Option<i64>,
    /// Its path.
    pub path: String,
    /// Its size.
    pub bytes: i64,
    /// A digest of its content.
    pub digest: Option<String>,
}

/// The key of the ranks of an evaluation, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RankKey {
    /// Step of the weights.
    pub step: i64,
    /// Split, or name of an evaluation after training.
    pub split: String,
    /// What was evaluated.
    pub suite: String,
    /// Query and gallery.
    pub direction: String,
    /// `raw` or `ema`.
    pub weights: String,
}

impl From<&RankSet> for RankKey {
    fn from(set: &RankSet) -> Self {
        RankKey {
            step: set.step as i64,
            split: set.split.clone(),
            suite: set.suite.clone(),
            direction: set.direction.clone(),
            weights: set.weights.clone(),
        }
    }
}

/// The key of a probe.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProbeKey {
    /// Step of the weights.
    pub step: i64,
    /// The split.
    pub split: String,
    /// `raw` or `ema`.
    pub weights: String,
}

/// A probe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Its key.
    pub key: ProbeKey,
    /// A [`crate::Probe`] as JSON.
    pub seen: String,
}

/// A thumbnail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Digest of its content.
    pub digest: String,
    /// The JPEG.
    pub jpeg: Vec<u8>,
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
