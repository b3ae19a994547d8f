//! A few values of each run's goal metric over time, for the table's sparklines.

use std::collections::{HashMap, HashSet};

use clip_lab_store::{Axis, Reader, RunId, StoreError};

use crate::data::Run;

/// Values in a trend.
const VALUES: usize = 8;

/// The cached trends, valid while the metric has the same number of points.
#[derive(Default)]
pub struct Trends(HashMap<RunId, (u64, Vec<f64>)>);

impl Trends {
    /// Drops the trends of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.0.retain(|run, _| runs.contains(run));
    }

    /// Sets the trend of every run; reads those that have changed in one batch.
    pub fn read(&mut self, reader: &Reader, runs: &mut [Run]) -> Result<(), StoreError> {
        let points = |run: &Run| run.goal().map_or(0, |series| series.n);
        let new =
            |run: &&Run| points(run) > 1 && self.0.get(&run.row.id).is_none_or(|(n, _)| *n != points(run));
        let stale: Vec<&Run> = runs.iter().filter(new).collect();
        let query = |run: &Run| Some((run.row.id, run.row.goal_metric.clone()?));
        let names: Vec<(RunId, String)> = stale.iter().filter_map(|run| query(run)).collect();
        let queries: Vec<(RunId, &str)> = names.iter().map(|(id, name)| (*id, name.as_str())).collect();
        if !queries.is_empty() {
            let read = reader.buckets_of(&queries, Axis::Step, None, VALUES)?;
            for (run, buckets) in stale.iter().zip(read) {
                let means = buckets.unwrap_or_default().iter().map(|bucket| bucket.mean).collect();
                self.0.insert(run.row.id, (points(run), means));
            }
        }
        for run in runs {
            run.trend = self.0.get(&run.row.id).map_or_else(Vec::new, |(_, means)| means.clone());
        }
        Ok(())
    }
}
