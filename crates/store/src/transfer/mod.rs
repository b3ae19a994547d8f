//! Copying runs between stores: what is read of a run, and how another store takes it.
//!
//! A run is recorded by one process at a time, so of two copies of one record the shorter is the beginning of the longer
//! ([`Relation`]). Log calls are copied from where the target ends, in transactions of bounded size. Tags, notes, events,
//! evaluations and files are united, since both stores may add some.

mod check;
mod digest;
mod merge;
mod read;
mod relation;
mod types;
mod write;

pub use relation::{Relation, relation};
pub use types::{
    ArtifactRecord, Chunk, EvaluationRecord, EventRecord, Exact, Extent, MetricRecord, NoteRecord, ProbeKey,
    ProbeRecord, RankKey, RunHead, RunRecord, RunState, SeriesPoints, Superseded, Thumbnail, TickRecord,
};
pub use write::{Begun, RunCopy};
