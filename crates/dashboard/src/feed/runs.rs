//! Reads the runs: the newest that match the filters, with their metrics and colours.

use std::{collections::HashSet, sync::Arc};

use clip_lab_store::{Reader, RunDetails, RunId, RunRow, SeriesRow, StoreError};

use super::Feed;
use crate::data::{FeedRequest, Filtered, Run};
use clip_lab_chart::{filter::Subject, names::unique};

/// The most runs in the table; `clip-lab runs list` shows older ones.
const MAX_RUNS: usize = 50;

/// A run before it is filtered and named.
type Candidate = (Arc<RunDetails>, Vec<SeriesRow>, RunRow);

fn subject((details, series, row): &Candidate) -> Subject<'_> {
    Subject { row, details, series }
}

impl Feed {
    pub(super) fn runs(&mut self, reader: &Reader, request: &FeedRequest) -> Result<(), StoreError> {
        let rows = self.select_runs(reader, request)?;
        let groups = self.colours.groups(&rows, &request.by, &self.caches.properties);
        let colours = self.colours.assign(&rows, &groups, request);
        let names: Vec<String> = rows.iter().map(|row| unique(row, &rows)).collect();
        let mut runs = Vec::with_capacity(rows.len());
        for (((row, name), group), colour) in rows.into_iter().zip(names).zip(groups).zip(colours) {
            let series = self.caches.series.read(reader, &row)?;
            let details = self.caches.properties.get(row.id);
            runs.push(Run { name, series, details, trend: Vec::new(), group, colour, row });
        }
        self.caches.trends.read(reader, &mut runs)?;
        self.last.runs = runs;
        self.last.scores = Arc::new(self.caches.intervals.scores(reader, &self.last.runs, request.pinned)?);
        Ok(())
    }

    /// The newest runs that match the filters.
    fn select_runs(&mut self, reader: &Reader, request: &FeedRequest) -> Result<Vec<RunRow>, StoreError> {
        let mut rows = reader.runs()?;
        let ids: HashSet<RunId> = rows.iter().map(|row| row.id).collect();
        self.caches.retain(&ids);
        self.colours.retain(&ids);
        rows.sort_by(|a, b| b.started_ms.cmp(&a.started_ms).then(b.id.cmp(&a.id)));
        let all = rows.len();
        if self.run_filter.is_empty() && request.filter.is_empty() {
            rows.truncate(MAX_RUNS);
        }
        self.caches.properties.read(reader, &rows)?;
        let mut candidates = Vec::with_capacity(rows.len());
        for row in rows {
            candidates.push((
                self.caches.properties.get(row.id),
                self.caches.series.read(reader, &row)?,
                row,
            ));
        }
        candidates.retain(|run| self.run_filter.matches(&subject(run)));
        let all = if self.run_filter.is_empty() { all } else { candidates.len() };
        let problem = request.filter.check(candidates.iter().map(subject)).err();
        if problem.is_none() {
            self.filter = request.filter.clone();
        }
        self.last.filtered = Filtered { text: request.filter.text().to_string(), all, problem };
        candidates.retain(|run| self.filter.matches(&subject(run)));
        Ok(candidates.into_iter().take(MAX_RUNS).map(|(_, _, row)| row).collect())
    }
}
