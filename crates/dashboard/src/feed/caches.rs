//! What has been read of each run.

use std::collections::{HashMap, HashSet};

use clip_lab_store::RunId;

use super::{
    intervals::Intervals, panels::PanelCache, properties::PropertyCache, rows::RowsCache,
    series::SeriesCache, trends::Trends, zoomed::ZoomCache,
};

/// The caches of a feed.
#[derive(Default)]
pub struct Caches {
    /// The buckets of the charts.
    pub rows: RowsCache,
    /// The metrics.
    pub series: SeriesCache,
    /// The id of the last event read.
    pub last_events: HashMap<RunId, i64>,
    /// Settings, tags and notes.
    pub properties: PropertyCache,
    /// Intervals and differences of hit@k.
    pub intervals: Intervals,
    /// The values of the sparklines.
    pub trends: Trends,
    /// The buckets of a zoomed range.
    pub zoomed: ZoomCache,
    /// The data of the panels.
    pub panels: PanelCache,
}

impl Caches {
    /// Drops what was read of runs other than `runs`: a new run may get the id of a deleted one.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.rows.retain(runs);
        self.series.retain(runs);
        self.last_events.retain(|run, _| runs.contains(run));
        self.properties.retain(runs);
        self.intervals.retain(runs);
        self.trends.retain(runs);
        self.zoomed.retain(runs);
        self.panels.retain(runs);
    }
}
