//! Lists that belong to a run: events, notes, evaluations, files, ranks, probes.

use serde::{Deserialize, Serialize};

use crate::RankSet;

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
