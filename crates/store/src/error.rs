//! Errors of the store.

use std::path::PathBuf;

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A reader found no file.
    #[error(
        "there is no store at {0}: the first run creates it; start one, or pass another store with --store"
    )]
    Missing(PathBuf),
    /// The file exists but its schema was never created.
    #[error("the store at {0} is empty: its creation was interrupted; the next run completes it")]
    Unfinished(PathBuf),
    /// The file belongs to something else.
    #[error("{path} is not a clip-lab store ({why}); it was not modified: pass another file with --store")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why it is not a store.
        why: String,
    },
    /// The file was written by a newer version.
    #[error(
        "{path} has schema version {found}, this clip-lab supports versions up to {supported}: use the newer clip-lab, or pass another store with --store"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version this build supports.
        supported: i64,
    },
    /// The file needs a migration; readers never migrate.
    #[error(
        "{path} has schema version {found}, this clip-lab reads version {supported}: the next run migrates it, as does any command that edits the store"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version a reader needs.
        supported: i64,
    },
    /// Another program holds the store.
    #[error(
        "{path} is locked by another program: close whatever holds it open for writing (an SQLite browser, a copy in progress) and try again"
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Another process migrates the store.
    #[error(
        "{path} is being updated to another schema by {process}: wait until that has ended, and try again"
    )]
    Updating {
        /// The file.
        path: PathBuf,
        /// The process, such as `process 1234 on tower`.
        process: String,
    },
    /// No run matches a selector.
    #[error("no run matches `{selector}`{hint}")]
    NoSuchRun {
        /// The selector or name that was given.
        selector: String,
        /// Suggestions, as the end of the sentence.
        hint: String,
    },
    /// A uid prefix matches several runs.
    #[error("`{selector}` matches several runs: {candidates}; give more characters of the uid")]
    Ambiguous {
        /// The selector or name that was given.
        selector: String,
        /// The runs it matches.
        candidates: String,
    },
    /// A run lacks a metric.
    #[error("run {run} has no metric `{metric}`{hint}")]
    NoSuchMetric {
        /// Name of the run.
        run: String,
        /// The selector or name that was given.
        metric: String,
        /// Suggestions, as the end of the sentence.
        hint: String,
    },
    /// The request is invalid, or does not apply to the run's state.
    #[error("{0}")]
    Refused(String),
    /// A database operation failed.
    #[error("{path}: {doing} failed: {cause}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The operation.
        doing: String,
        /// SQLite's error.
        cause: sqlx::Error,
    },
    /// A file operation failed.
    #[error("{path}: {doing} failed: {cause}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// The I/O error.
        cause: std::io::Error,
    },
}
