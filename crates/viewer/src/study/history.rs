//! Past runs of a study.

use std::path::Path;

use anyhow::Result;
use clip_lab_spec::{Changes, Study, changes, secret};
use clip_lab_store::{Reader, RunRow, StoreError};

use super::{checkpoint, matrix::Job, superseded::is_superseded};

/// A past run of an arm and seed.
#[derive(Debug, Clone)]
pub struct PastRun {
    /// The run.
    pub row: RunRow,
    /// How it differs from what would run now.
    pub changes: Changes,
    /// The step of its last checkpoint, where it can resume.
    pub checkpoint: Option<u64>,
}

/// A reader of the store; none if there is no store yet, or another process is creating it.
pub fn reader(store: &Path) -> Result<Option<Reader>> {
    if !store.exists() {
        return Ok(None);
    }
    match Reader::open(store) {
        Err(StoreError::Unfinished(_)) => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

/// The past runs of a job among `rows`, newest first, without superseded ones.
pub fn past_runs(reader: &Reader, rows: &[RunRow], study: &Study, job: &Job) -> Result<Vec<PastRun>> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| belongs_to(row, study, job)) {
        if is_superseded(reader, row)? {
            continue;
        }
        let recorded = reader.environment(row.id)?.extra;
        // The store contains no secrets, so compare without them.
        let (then, now) = (secret::spec(&reader.spec_text(row.id)?), secret::spec(&job.spec));
        let changes = changes(&then, &recorded, &now, &job.fingerprints).of_results();
        let checkpoint = checkpoint::step(&row.dir.join("last.safetensors"));
        found.push(PastRun { row: row.clone(), changes, checkpoint });
    }
    Ok(found)
}

/// Whether a run belongs to a job.
pub fn belongs_to(row: &RunRow, study: &Study, job: &Job) -> bool {
    let recorded = (row.study.as_deref(), row.arm.as_deref(), row.seed);
    recorded == (Some(study.name.as_str()), Some(job.arm.as_str()), job.seed)
}
