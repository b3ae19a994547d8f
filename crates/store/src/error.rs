//! What can go wrong with a store, in sentences.

use std::path::PathBuf;

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A reader found no file.
    #[error(
        "there is no store at {0}: it is created by the first run; start one, or name another store with --store"
    )]
    Missing(PathBuf),
    /// A reader found a file that holds nothing yet.
    #[error("the store at {0} is empty: making it was interrupted; the next run makes it whole")]
    Unfinished(PathBuf),
    /// The file belongs to something else.
    #[error("{path} is not a clip-lab store ({why}); it was left untouched: name another file with --store")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        why: String,
    },
    /// The file was written by a later version.
    #[error(
        "{path} has schema version {found}, this clip-lab knows versions up to {known}: use the newer clip-lab, or name another store with --store"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The file needs a migration, which a reader never does.
    #[error(
        "{path} has schema version {found}, this clip-lab reads version {known}: it is brought up to date when a run starts, or by any command that edits it"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version a reader needs.
        known: i64,
    },
    /// Another program holds the store.
    #[error(
        "{path} is locked by another program: close whatever holds it open for writing (an SQLite browser, a copy in progress) and try again"
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// No run answers to a selector.
    #[error("no run matches `{selector}`{hint}")]
    NoSuchRun {
        /// What was asked for.
        selector: String,
        /// Near matches, as the end of the sentence.
        hint: String,
    },
    /// A uid prefix fits several runs.
    #[error("`{selector}` fits several runs: {candidates}; give more characters of the uid")]
    Ambiguous {
        /// What was asked for.
        selector: String,
        /// The runs it fits.
        candidates: String,
    },
    /// A run lacks a metric.
    #[error("run {run} has no metric `{metric}`{hint}")]
    NoSuchMetric {
        /// Name of the run.
        run: String,
        /// What was asked for.
        metric: String,
        /// Near matches, as the end of the sentence.
        hint: String,
    },
    /// Something asked for does not fit the run's state.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error("{path}: {doing} failed: {cause}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: String,
        /// What SQLite said.
        cause: sqlx::Error,
    },
    /// A file or folder failed.
    #[error("{path}: {doing} failed: {cause}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        cause: std::io::Error,
    },
}
