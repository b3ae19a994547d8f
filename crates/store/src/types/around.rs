//! What else a [`crate::Reader`] knows of a run. Rows serialize, for `--json`.

use std::path::PathBuf;

use serde::Serialize;

use super::Level;

/// Which ranks of a run are meant, in the words of [`crate::RankSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated<'a> {
    /// Step of the evaluated weights.
    pub step: u64,
    /// Split, such as `test`.
    pub split: &'a str,
    /// What was evaluated, such as `retrieval`.
    pub suite: &'a str,
    /// Which way, such as `t2i`.
    pub direction: &'a str,
    /// `raw` or `ema`.
    pub weights: &'a str,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// Grows with time; hand the last one to [`crate::Reader::events`] to get only what is new.
    pub id: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// How grave.
    pub level: Level,
    /// A word such as `checkpoint`, `resume`, `store`.
    pub kind: String,
    /// At which step, when it belongs to one.
    pub step: Option<u64>,
    /// What happened.
    pub text: String,
}

/// A file a run has written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArtifactRow {
    /// Its number.
    pub id: i64,
    /// When it was recorded, milliseconds since 1970.
    pub at_ms: i64,
    /// A word such as `checkpoint`, `embeddings`, `chart`.
    pub kind: String,
    /// Its name within its kind, such as `best`.
    pub name: String,
    /// The step it was written at.
    pub step: Option<u64>,
    /// Where it is; relative paths are relative to the run's folder.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// A digest of its content, when one was taken.
    pub digest: Option<String>,
}

/// A remark somebody wrote on a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoteRow {
    /// Its number.
    pub id: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The remark.
    pub text: String,
}
