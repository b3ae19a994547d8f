//! What the feed should read.

use std::{collections::HashSet, sync::Arc};

use clip_lab_store::{Axis, RunId};

use clip_lab_chart::{figure::GroupBy, filter::Filter, layout::Layout};

/// What the feed should read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedRequest {
    /// The view on the screen: only its charts are read.
    pub view: usize,
    /// The layout, if keys have changed it since the feed was started.
    pub layout: Option<Arc<Layout>>,
    /// Overrides the horizontal axis of all charts.
    pub x: Option<Axis>,
    /// Buckets per series: twice the columns of the screen.
    pub buckets: usize,
    /// Runs hidden from the charts.
    pub hidden: HashSet<RunId>,
    /// Whether all runs are drawn; otherwise one per palette colour.
    pub draw_all: bool,
    /// The runs of a sorted table, in order: the first ones are drawn.
    pub ranked: Vec<RunId>,
    /// Which runs the table shows.
    pub filter: Filter,
    /// The run to read in full.
    pub details: Option<RunId>,
    /// The run whose evaluations are shown; `None` means the newest.
    pub selected: Option<RunId>,
    /// The baseline that other runs are compared with.
    pub pinned: Option<RunId>,
    /// How runs are grouped.
    pub by: GroupBy,
    /// The zoomed range of a horizontal axis.
    pub range: Option<AxisRange>,
    /// Overrides the smoothing half-life of all charts; a zoomed read needs the points before its range.
    pub smooth: Option<f64>,
}

impl FeedRequest {
    /// The most buckets per series, at least 16.
    pub fn max_buckets(&self) -> usize {
        self.buckets.max(16)
    }
}

/// A range of a horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisRange {
    /// Which axis.
    pub axis: Axis,
    /// Its start.
    pub low: f64,
    /// Its end, greater than `low`.
    pub high: f64,
}
