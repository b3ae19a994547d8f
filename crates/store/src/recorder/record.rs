//! What travels from training to the writer, and into the spool.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Goal, Level, NewArtifact, Probe, RankSet, Status, Tick};

/// The largest number that a double holds exactly: more than any step, byte or millisecond.
const MOST: u64 = 1 << 53;

/// The metric names of one log call, shared by all calls that name the same metrics.
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
    /// Where training stood.
    pub at: Tick,
    /// When, milliseconds since 1970.
    pub wall_ms: i64,
    /// Milliseconds of work until then.
    pub active_ms: i64,
    /// The metrics.
    pub names: Names,
    /// Their values as bits of f64, because JSON knows neither NaN nor the last digit.
    pub bits: Box<[u64]>,
}

/// One thing to record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record {
    /// Values.
    Points(Points),
    /// Ranks of an evaluation.
    Rank(Box<RankSet>),
    /// What the model sees in a few fixed pairs.
    Probe(Box<Probe>),
    /// A thumbnail: its digest, its JPEG.
    Picture(Box<(String, Vec<u8>)>),
    /// Something happened.
    Event(Box<Event>),
    /// A file, and when it was recorded.
    Artifact(Box<(i64, NewArtifact)>),
    /// Unit and direction of a metric.
    Describe(Box<(String, String, Goal)>),
    /// A row of the environment.
    Fact(Box<(String, Value)>),
    /// The run ended: how, why, when.
    End(Box<(Status, Option<String>, i64)>),
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// How grave.
    pub level: Level,
    /// A word.
    pub kind: String,
    /// At which step.
    pub step: Option<u64>,
    /// What happened.
    pub text: String,
}

impl Record {
    /// How many values it holds, or 1.
    pub fn weight(&self) -> usize {
        if let Record::Points(points) = self { points.bits.len() } else { 1 }
    }

    /// The step it is of, where it is of one.
    pub fn step(&self) -> Option<u64> {
        match self {
            Record::Points(points) => Some(points.at.step),
            Record::Rank(set) => Some(set.step),
            Record::Probe(seen) => Some(seen.step),
            _ => None,
        }
    }

    /// Whether its numbers are such as a run has. A file may hold others, which would not fit into the store or overflow.
    pub fn is_plausible(&self) -> bool {
        let count = |number: u64| number <= MOST;
        let time = |ms: i64| ms.unsigned_abs() <= MOST;
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

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Record::Points(points) => 128 + 8 * points.bits.len(),
            Record::Rank(set) => 128 + 4 * set.ranks.len(),
            Record::Picture(image) => 128 + image.1.len(),
            Record::Probe(seen) => (16 << 10) + 8 * seen.similarity.len(),
            _ => 512,
        }
    }

    /// Whether a run can be understood without it, should memory run short.
    pub fn is_bulk(&self) -> bool {
        matches!(self, Record::Points(_) | Record::Rank(_) | Record::Probe(_) | Record::Picture(_))
    }

    /// An event of now.
    pub fn event(level: Level, kind: &str, step: Option<u64>, text: &str) -> Record {
        let at_ms = crate::now_ms();
        Record::Event(Box::new(Event { at_ms, level, kind: kind.into(), step, text: text.into() }))
    }
}
