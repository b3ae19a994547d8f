//! Input and output types of the store: plain data, no database.

mod condition;
mod details;
mod evaluation;
mod imported;
mod input;
mod probe;
mod rows;
mod status;

pub use condition::{MetricValue, NamedCondition, NumberField, RunCondition, TextField};
pub use details::{ArtifactRow, Evaluated, EventRow, NoteRow};
pub use evaluation::{EvaluationMetric, EvaluationRow, NewEvaluation};
pub use imported::{ImportedPoints, Origin};
pub use input::{
    ConfigEntry, Environment, Goal, Level, NewArtifact, NewRun, RankSet, Request, ResumePoint, Tick,
};
pub use probe::{Hit, Probe, Shown};
pub use rows::{Bucket, Point, RunDetails, RunRow, SeriesRow};
pub use status::{Axis, RunId, Status};
