//! What goes in and what comes out: plain data, no database.

mod input;
mod probe;
mod rows;
mod status;

pub use input::{ConfigEntry, Environment, Goal, Level, NewArtifact, NewRun, RankSet, Request, Tick};
pub use probe::{Hit, Probe, Shown};
pub use rows::{ArtifactRow, Bucket, Evaluated, EventRow, NoteRow, Point, RunFacts, RunRow, SeriesRow};
pub use status::{Axis, RunId, Status};
