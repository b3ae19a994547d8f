//! Runs that were run again.

use anyhow::Result;
use clip_lab_store::{Reader, RunRow};

/// The tag of runs that were run again. They no longer belong to the study.
pub const SUPERSEDED: &str = "superseded";

/// Whether a run has been run again.
///
/// # Errors
/// If the store cannot be read.
pub fn is_superseded(reader: &Reader, run: &RunRow) -> Result<bool> {
    Ok(reader.tags(run.id)?.iter().any(|tag| tag == SUPERSEDED))
}
