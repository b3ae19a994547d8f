//! Cache of the runs' metrics.

use std::collections::{HashMap, HashSet};

use clip_lab_store::{Reader, RunId, RunRow, SeriesRow, StoreError};

/// The heartbeat and the step of a run when its metrics were read.
type State = (i64, u64);

/// The metrics by run. Those of a run that has ended are read again only if its row has changed.
#[derive(Default)]
pub struct SeriesCache(pub(super) HashMap<RunId, (State, Vec<SeriesRow>)>);

impl SeriesCache {
    /// The metrics of a run.
    pub fn read(&mut self, reader: &Reader, row: &RunRow) -> Result<Vec<SeriesRow>, StoreError> {
        let state = (row.heartbeat_ms, row.step);
        match self.0.get(&row.id) {
            Some((cached, series)) if *cached == state && !row.status.is_live() => Ok(series.clone()),
            _ => {
                let series = reader.series(row.id)?;
                self.0.insert(row.id, (state, series.clone()));
                Ok(series)
            }
        }
    }

    /// Drops the metrics of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.0.retain(|run, _| runs.contains(run));
    }
}
