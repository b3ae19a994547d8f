//! Cache of the runs' settings, tags and notes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use clip_lab_store::{Reader, RunDetails, RunId, RunRow, StoreError};

/// Settings never change and are read once per run; tags and notes are read every time.
#[derive(Default)]
pub struct PropertyCache(HashMap<RunId, Arc<RunDetails>>);

impl PropertyCache {
    /// Updates the entries of `rows`.
    pub fn read(&mut self, reader: &Reader, rows: &[RunRow]) -> Result<(), StoreError> {
        let missing: Vec<RunId> =
            rows.iter().map(|row| row.id).filter(|id| !self.0.contains_key(id)).collect();
        if !missing.is_empty() {
            self.0.extend(reader.details(&missing)?.into_iter().map(|(id, details)| (id, Arc::new(details))));
        }
        let [mut tags, mut notes] = reader.labels()?;
        for row in rows {
            let (tags, notes) =
                (tags.remove(&row.id).unwrap_or_default(), notes.remove(&row.id).unwrap_or_default());
            let entry = self.0.entry(row.id).or_default();
            if entry.tags != tags || entry.notes != notes {
                *entry = Arc::new(RunDetails { tags, notes, settings: entry.settings.clone() });
            }
        }
        Ok(())
    }

    /// Drops the entries of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.0.retain(|run, _| runs.contains(run));
    }

    /// The entry of one run.
    pub fn get(&self, run: RunId) -> Arc<RunDetails> {
        self.0.get(&run).cloned().unwrap_or_default()
    }
}
