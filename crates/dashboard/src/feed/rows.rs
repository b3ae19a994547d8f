//! Cache of the charts' series. Batches their reads: twenty runs of twelve series then take as long as a few single
//! reads.

use std::collections::{HashMap, HashSet};

use clip_lab_store::{Axis, Bucket, Reader, RunId, SeriesRow, StoreError};

use crate::data::{FeedRequest, Run};
use clip_lab_chart::{
    figure::{NonFinite, Rows, x},
    layout::Panel,
    names::metrics,
};

/// Run, metric, axis, and the most buckets.
type Key = (RunId, String, Axis, usize);

/// The cached series, valid while they have the same number of points.
#[derive(Default)]
pub struct RowsCache(pub(super) HashMap<Key, (u64, Rows)>);

impl RowsCache {
    /// Reads what `panels` need. Drops the rows of other screen widths, so that repeated resizing does not fill the
    /// memory.
    pub fn prefetch(
        &mut self,
        reader: &Reader,
        panels: &[Panel],
        runs: &[Run],
        request: &FeedRequest,
    ) -> Result<(), StoreError> {
        let max_buckets = request.max_buckets();
        self.0.retain(|key, _| key.3 == max_buckets);
        let mut missing: HashMap<Axis, HashMap<Key, (&Run, &SeriesRow)>> = HashMap::new();
        for panel in panels {
            let axis = request.x.unwrap_or(panel.x);
            let names = metrics(&panel.metrics, runs.iter().flat_map(|run| &run.series));
            for run in runs {
                for series in names.iter().filter_map(|name| run.metric(name)) {
                    let key = (run.row.id, series.name.clone(), axis, max_buckets);
                    if self.0.get(&key).is_none_or(|(n, _)| *n != series.n) {
                        missing.entry(axis).or_default().insert(key, (run, series));
                    }
                }
            }
        }
        for (axis, missing) in missing {
            let queries: Vec<(RunId, &str)> = missing.keys().map(|key| (key.0, key.1.as_str())).collect();
            let read = reader.buckets_of(&queries, axis, None, max_buckets)?;
            for ((key, (run, series)), read) in missing.iter().zip(read) {
                let rows = rows(axis, run, series, read.unwrap_or_default());
                self.0.insert(key.clone(), (series.n, rows));
            }
        }
        Ok(())
    }

    /// The prefetched rows of a series.
    pub fn get(&self, run: &Run, series: &SeriesRow, axis: Axis, max_buckets: usize) -> Option<Rows> {
        let (_, rows) = self.0.get(&(run.row.id, series.name.clone(), axis, max_buckets))?;
        Some(Rows { per_step: x::per_step(axis, &run.row), ..rows.clone() })
    }

    /// Drops the rows of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.0.retain(|key, _| runs.contains(&key.0));
    }
}

/// The rows of a series, without name and colour.
fn rows(axis: Axis, run: &Run, series: &SeriesRow, buckets: Vec<Bucket>) -> Rows {
    // Without infinite values, every non-finite value is NaN.
    let marked = buckets.iter().filter(|bucket| bucket.n_bad > 0 && series.n_inf == 0);
    Rows {
        name: String::new(),
        colour: 0,
        dash: 0,
        per_step: x::per_step(axis, &run.row),
        bad: marked.map(|bucket| (bucket.x1, NonFinite::Nan)).collect(),
        first_bad_step: series.first_bad_step,
        buckets,
    }
}
