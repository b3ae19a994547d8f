//! Cache of the runs' settings, tags and notes.

use std::{collections::HashMap, sync::Arc};

use clip_lab_store::{Reader, RunFacts, RunId, RunRow, StoreError};

/// Settings never change and are read once per run; tags and notes are read every time.
#[derive(Default)]
pub struct Facts(HashMap<RunId, Arc<RunFacts>>);

impl Facts {
    /// Updates the entries of `rows`.
    pub fn read(&mut self, reader: &Reader, rows: &[RunRow]) -> Result<(), StoreError> {
        let unknown: Vec<RunId> =
            rows.iter().map(|row| row.id).filter(|id| !self.0.contains_key(id)).collect();
        if !unknown.is_empty() {
            self.0.extend(reader.facts(&unknown)?.into_iter().map(|(id, facts)| (id, Arc::new(facts))));
        }
        let [mut tags, mut notes] = reader.labels()?;
        for row in rows {
            let (tags, notes) =
                (tags.remove(&row.id).unwrap_or_default(), notes.remove(&row.id).unwrap_or_default());
            let known = self.0.entry(row.id).or_default();
            if known.tags != tags || known.notes != notes {
                *known = Arc::new(RunFacts { tags, notes, settings: known.settings.clone() });
            }
        }
        Ok(())
    }

    /// The entry of one run.
    pub fn of(&self, run: RunId) -> Arc<RunFacts> {
        self.0.get(&run).cloned().unwrap_or_default()
    }
}
