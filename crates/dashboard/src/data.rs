//! The data behind one frame. The feed reads it from the store; tests build it directly.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use clip_lab_diagnostics::Problem;
use clip_lab_stats::{Estimate, Interval};
use clip_lab_store::{
    ArtifactRow, Axis, Environment, EvaluationRow, EventRow, RunDetails, RunId, RunRow, SeriesRow,
};

use super::{panels::Panels, zoom::AxisRange};
use clip_lab_chart::{
    figure::{GroupBy, Rows},
    filter::{Filter, Subject},
    layout::Layout,
};

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

/// The uncertainty of hit@k metrics, by run and metric.
pub type Scores = HashMap<(RunId, String), Score>;

/// The uncertainty of a hit@k metric, from the ranks behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Number of queries.
    pub queries: usize,
    /// The 95% interval over queries; `None` if all outcomes are equal.
    pub interval: Option<Interval>,
    /// The paired difference to the pinned run, on the same queries.
    pub difference: Option<Estimate>,
}

/// The result of a filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filtered {
    /// The filter's text.
    pub text: String,
    /// How many runs there were before filtering.
    pub all: usize,
    /// The error of a name that no run has; the previous filter then stays active.
    pub problem: Option<Problem>,
}

/// Everything on the screen.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The runs, newest first.
    pub runs: Vec<Run>,
    /// One chart per line panel of the layout, in order; only those of the current view are updated.
    pub charts: Vec<Chart>,
    /// Events, oldest first.
    pub events: Vec<Event>,
    /// Details of one run, if requested.
    pub details: Option<Details>,
    /// Intervals and differences computed so far.
    pub scores: Arc<Scores>,
    /// The result of the filter.
    pub filtered: Filtered,
    /// The data of the current view's panels.
    pub panels: Panels,
    /// Why the store cannot be read; the other fields then hold the last data.
    pub trouble: Option<String>,
    /// Whether the store does not exist.
    pub missing: bool,
}

/// A run and its metrics.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its row in the store.
    pub row: RunRow,
    /// Its name, with the end of its uid if another run has the same name.
    pub name: String,
    /// Its metrics.
    pub series: Vec<SeriesRow>,
    /// Its settings, tags and notes.
    pub details: Arc<RunDetails>,
    /// A few values of its goal metric over time, for the sparkline.
    pub trend: Vec<f64>,
    /// The group in whose mean it is drawn, if runs are grouped.
    pub group: Option<String>,
    /// Its colour on the charts; `None` if it is not drawn.
    pub colour: Option<usize>,
}

impl Run {
    /// The properties that a filter matches.
    pub fn subject(&self) -> Subject<'_> {
        Subject { row: &self.row, details: &self.details, series: &self.series }
    }

    /// Its goal metric.
    pub fn goal(&self) -> Option<&SeriesRow> {
        self.metric(self.row.goal_metric.as_deref()?)
    }

    /// The metric `name`.
    pub fn metric(&self, name: &str) -> Option<&SeriesRow> {
        self.series.iter().find(|series| series.name == name)
    }
}

/// The series of one chart.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// Its horizontal axis.
    pub x: Axis,
    /// Its series, with their runs.
    pub rows: Vec<(RunId, Rows)>,
    /// The zoomed range, read at a finer resolution; the series in the same order.
    pub zoomed: Option<(AxisRange, Vec<Rows>)>,
    /// Whether rows of the same name are one group.
    pub grouped: bool,
    /// The bounds of its metrics, if known.
    pub limits: Option<(f64, f64)>,
    /// Metrics that are not drawn because their unit differs.
    pub left_out: Vec<String>,
}

/// The data of the overview of one run.
#[derive(Debug, Clone)]
pub struct Details {
    /// Which run.
    pub run: RunId,
    /// Its hardware and software.
    pub environment: Environment,
    /// The files it has written, in order.
    pub artifacts: Vec<ArtifactRow>,
    /// Evaluations of its weights after training, oldest first.
    pub evaluations: Vec<EvaluationRow>,
}

/// An event of a run.
#[derive(Debug, Clone)]
pub struct Event {
    /// Name of the run.
    pub run: String,
    /// The event.
    pub row: EventRow,
}

impl Snapshot {
    /// How many runs are live.
    pub fn live(&self) -> usize {
        self.runs.iter().filter(|run| run.row.status.is_live()).count()
    }
}
