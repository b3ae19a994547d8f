//! Runs of before, as far as they are the study's.

use std::path::Path;

use anyhow::Result;
use clip_lab_spec::{Changes, Study, changes, secret};
use clip_lab_store::{Reader, RunRow};

use super::{checkpoint, is_superseded, wanted::Wanted};

/// A run of an arm with a seed.
#[derive(Debug, Clone)]
pub struct Past {
    /// As it stands.
    pub row: RunRow,
    /// In what it differs from what would run now.
    pub changes: Changes,
    /// The step of its last checkpoint, from which it can resume.
    pub checkpoint: Option<u64>,
}

/// The runs recorded for what is wanted, the newest first, without those that were run anew.
///
/// # Errors
/// Those of the store. One that is not there yet has none.
pub fn pasts(store: &Path, study: &Study, wanted: &Wanted) -> Result<Vec<Past>> {
    if !store.exists() {
        return Ok(Vec::new());
    }
    let reader = Reader::open(store)?;
    let mut found = Vec::new();
    for row in reader.runs()?.into_iter().filter(|row| is_of(row, study, wanted)) {
        if is_superseded(&reader, &row)? {
            continue;
        }
        let recorded = reader.environment(row.id)?.extra;
        // The store holds no secrets.
        let (then, now) = (secret::spec(&reader.spec_text(row.id)?), secret::spec(&wanted.spec));
        let changes = changes(&then, &recorded, &now, &wanted.decisive).of_results();
        let checkpoint = checkpoint::step(&row.dir.join("last.safetensors"));
        found.push(Past { row, changes, checkpoint });
    }
    Ok(found)
}

/// Whether a run was recorded for what is wanted.
pub fn is_of(row: &RunRow, study: &Study, wanted: &Wanted) -> bool {
    let named = (row.study.as_deref(), row.arm.as_deref(), row.seed);
    named == (Some(study.name.as_str()), Some(wanted.arm.as_str()), wanted.seed)
}
