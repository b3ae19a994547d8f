//! Batches the reads of all charts: twenty runs of twelve series then take as long as a few single reads.

use std::collections::HashMap;

use clip_lab_store::{Axis, Reader, RunId, SeriesRow, StoreError};

use super::{Feed, Key};
use crate::data::{FeedRequest, Run};
use clip_lab_chart::{
    figure::{NonFinite, Rows, x},
    layout::Panel,
    names::metrics,
};

impl Feed {
    /// Fills the cache for `panels`. Drops the rows of other screen widths, so that repeated resizing does not fill
    /// the memory.
    pub(super) fn prefetch(
        &mut self,
        reader: &Reader,
        panels: &[Panel],
        runs: &[Run],
        request: &FeedRequest,
    ) -> Result<(), StoreError> {
        let most = request.buckets.max(16);
        self.cache.retain(|key, _| key.3 == most);
        let mut missing: HashMap<Axis, HashMap<Key, (&Run, &SeriesRow)>> = HashMap::new();
        for panel in panels {
            let axis = request.x.unwrap_or(panel.x);
            let names = metrics(&panel.metrics, runs.iter().flat_map(|run| &run.series));
            for run in runs {
                for series in names.iter().filter_map(|name| run.metric(name)) {
                    let key = (run.row.id, series.name.clone(), axis, most);
                    if self.cache.get(&key).is_none_or(|(n, _)| *n != series.n) {
                        missing.entry(axis).or_default().insert(key, (run, series));
                    }
                }
            }
        }
        for (axis, missing) in missing {
            let asked: Vec<(RunId, &str)> = missing.keys().map(|key| (key.0, key.1.as_str())).collect();
            let read = reader.buckets_of(&asked, axis, None, most)?;
            for ((key, (run, series)), read) in missing.iter().zip(read) {
                let rows = rows(axis, run, series, read.unwrap_or_default());
                self.cache.insert(key.clone(), (series.n, rows));
            }
        }
        Ok(())
    }
}

/// The rows of a series, without name and colour.
fn rows(axis: Axis, run: &Run, series: &SeriesRow, buckets: Vec<clip_lab_store::Bucket>) -> Rows {
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
