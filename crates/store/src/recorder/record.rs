//! What travels from training to the writer, and into the spool.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Goal, Level, NewArtifact, Probe, RankSet, Status, Tick};

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

    /// An event of now.
    pub fn event(level: Level, kind: &str, step: Option<u64>, text: &str) -> Record {
        let at_ms = crate::now_ms();
        Record::Event(Box::new(Event { at_ms, level, kind: kind.into(), step, text: text.into() }))
    }
}
