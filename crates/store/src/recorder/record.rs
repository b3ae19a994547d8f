//! The records sent from training to the writer, and into the spool.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Goal, Level, NewArtifact, Probe, RankSet, Status, Tick};

/// The largest integer a double represents exactly: more than any step, byte or millisecond.
const MAX_INTEGER: u64 = 1 << 53;

/// The metric names of one log call, shared by all calls with the same metrics.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Names(pub Arc<[String]>);

impl From<Vec<String>> for Names {
    fn from(names: Vec<String>) -> Self {
        Names(names.into())
    }
}

impl From<Names> for Vec<String> {
    fn from(names: Names) -> Self {
        names.0.to_vec()
    }
}

/// One log call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Points {
    /// Training progress.
    pub at: Tick,
    /// Wall time, milliseconds since 1970.
    pub wall_ms: i64,
    /// Milliseconds of work until then, over all attempts.
    pub active_ms: i64,
    /// The metric names.
    pub names: Names,
    /// Their values as bits of f64, because JSON has no NaN and may round.
    pub bits: Box<[u64]>,
}

/// One record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record {
    /// Metric values.
    Points(Points),
    /// Ranks of an evaluation.
    Rank(Box<RankSet>),
    /// Similarities and retrieval results on a few fixed pairs.
    Probe(Box<Probe>),
    /// A thumbnail: its digest, its JPEG.
    #[serde(rename = "Picture")]
    Image(Box<(String, Vec<u8>)>),
    /// An event.
    Event(Box<Event>),
    /// When it was recorded, and a file.
    Artifact(Box<(i64, NewArtifact)>),
    /// Name, unit and goal of a metric.
    Describe(Box<(String, String, Goal)>),
    /// An entry of the environment.
    #[serde(rename = "Fact")]
    Environment(Box<(String, Value)>),
    /// The end of the run: status, reason, time.
    End(Box<(Status, Option<String>, i64)>),
}

/// An event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Severity.
    pub level: Level,
    /// Such as `checkpoint`.
    pub kind: String,
    /// The step, if it belongs to one.
    pub step: Option<u64>,
    /// The message.
    pub text: String,
}

impl Record {
    /// Number of values; 1 for records other than points.
    pub fn weight(&self) -> usize {
        if let Record::Points(points) = self { points.bits.len() } else { 1 }
    }

    /// The step it belongs to, if any.
    pub fn step(&self) -> Option<u64> {
        match self {
            Record::Points(points) => Some(points.at.step),
            Record::Rank(set) => Some(set.step),
            Record::Probe(probe) => Some(probe.step),
            _ => None,
        }
    }

    /// Whether its numbers are in the range a run can have. Those of a file may overflow, or not fit into the store.
    pub fn is_plausible(&self) -> bool {
        let count = |number: u64| number <= MAX_INTEGER;
        let time = |ms: i64| ms.unsigned_abs() <= MAX_INTEGER;
        self.step().is_none_or(count)
            && match self {
                Record::Points(points) => {
                    let Points { at, wall_ms, active_ms, names, bits } = points;
                    let numbers =
                        count(at.samples) && at.epoch.is_finite() && time(*wall_ms) && time(*active_ms);
                    numbers && names.0.len() == bits.len()
                }
                Record::Event(event) => event.step.is_none_or(count) && time(event.at_ms),
                Record::Artifact(file) => {
                    time(file.0) && file.1.step.is_none_or(count) && count(file.1.bytes)
                }
                Record::End(end) => !matches!(end.0, Status::Stalled | Status::Crashed) && time(end.2),
                _ => true,
            }
    }

    /// Its approximate size in memory, bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Record::Points(points) => 128 + 8 * points.bits.len(),
            Record::Rank(set) => 128 + 4 * set.ranks.len(),
            Record::Image(image) => 128 + image.1.len(),
            Record::Probe(probe) => (16 << 10) + 8 * probe.similarity.len(),
            _ => 512,
        }
    }

    /// Whether it may be dropped when memory runs short.
    pub fn is_bulk(&self) -> bool {
        matches!(self, Record::Points(_) | Record::Rank(_) | Record::Probe(_) | Record::Image(_))
    }

    /// An event with the current time.
    pub fn event(level: Level, kind: &str, step: Option<u64>, text: &str) -> Record {
        let at_ms = crate::now_ms();
        Record::Event(Box::new(Event { at_ms, level, kind: kind.into(), step, text: text.into() }))
    }
}
