//! Events, artifacts and notes of a run, as a [`crate::Reader`] returns them. Rows serialize, for `--json`.

use std::path::PathBuf;

use serde::Serialize;

use super::Level;

/// The key of a [`crate::RankSet`] within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated<'a> {
    /// Step of the evaluated weights.
    pub step: u64,
    /// Split, such as `test`.
    pub split: &'a str,
    /// What was evaluated, such as `retrieval`.
    pub suite: &'a str,
    /// Query and gallery, such as `t2i`.
    pub direction: &'a str,
    /// `raw` or `ema`.
    pub weights: &'a str,
}

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// Increases with time; pass the last one to [`crate::Reader::events`] to get only new events.
    pub id: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Severity.
    pub level: Level,
    /// Such as `checkpoint`, `resume`, `store`.
    pub kind: String,
    /// The step, if it belongs to one.
    pub step: Option<u64>,
    /// The message.
    pub text: String,
}

/// A file a run has written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArtifactRow {
    /// Row id.
    pub id: i64,
    /// When it was recorded, milliseconds since 1970.
    pub at_ms: i64,
    /// Such as `checkpoint`, `embeddings`, `chart`.
    pub kind: String,
    /// Its name within its kind, such as `best`.
    pub name: String,
    /// The step it was written at.
    pub step: Option<u64>,
    /// Its path; relative paths are relative to the run's folder.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// A digest of its content, if one was computed.
    pub digest: Option<String>,
}

/// A note on a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoteRow {
    /// Row id.
    pub id: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The note.
    pub text: String,
}
