//! What the screen shows at one moment, as plain data. The feed reads it from the store, tests write it by hand.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use clip_lab_problem::Problem;
use clip_lab_stats::{Estimate, Interval};
use clip_lab_store::{
    ArtifactRow, Axis, Environment, EvaluationRow, EventRow, RunFacts, RunId, RunRow, SeriesRow,
};

use super::{lens::Stretch, panels::Panels};
use crate::{
    figure::{By, Rows},
    filter::{Filter, Subject},
    layout::Layout,
};

/// What the screen asks the feed for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Want {
    /// The view on the screen: only its charts are read.
    pub view: usize,
    /// The layout, where keys have changed it since the feed was started.
    pub layout: Option<Arc<Layout>>,
    /// An axis for all charts in place of the layout's.
    pub x: Option<Axis>,
    /// Buckets a series: twice the columns of the screen.
    pub buckets: usize,
    /// Runs that no chart shows.
    pub hidden: HashSet<RunId>,
    /// Whether every run is drawn; else as many as there are colours.
    pub every: bool,
    /// The runs of a sorted table in its order: the first ones are drawn.
    pub ranked: Vec<RunId>,
    /// Which runs the table shows.
    pub filter: Filter,
    /// The run of which everything is read.
    pub details: Option<RunId>,
    /// The run whose evaluations are looked at; none means the newest.
    pub selected: Option<RunId>,
    /// The run that others are compared with.
    pub pinned: Option<RunId>,
    /// What makes runs a group.
    pub by: By,
    /// The part of a horizontal axis that is looked at closely.
    pub range: Option<Stretch>,
    /// A half-life for all charts in place of the layout's: a closer look needs what comes before it.
    pub smooth: Option<f64>,
}

/// What is known of a run's share of hits, by run and metric.
pub type Scores = HashMap<(RunId, String), Score>;

/// What the ranks behind a share of hits say of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// How many queries there were.
    pub queries: usize,
    /// The 95% interval over queries; none where all went alike.
    pub interval: Option<Interval>,
    /// What the run gains over the pinned one on the same queries.
    pub difference: Option<Estimate>,
}

/// What became of a filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filtered {
    /// The filter as it was written.
    pub text: String,
    /// How many runs there were before.
    pub all: usize,
    /// A name in it that no run has; the filter before it is then still in force.
    pub problem: Option<Problem>,
}

/// Everything on the screen.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The runs, newest first.
    pub runs: Vec<Run>,
    /// One for each line panel of the layout, in its order; those of views not shown are as they were.
    pub charts: Vec<Chart>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// More about one run, if it was asked for.
    pub details: Option<Details>,
    /// Intervals and differences, as far as they are computed.
    pub scores: Arc<Scores>,
    /// What the filter did.
    pub filtered: Filtered,
    /// What the panels of the view on the screen show.
    pub panels: Panels,
    /// Why the store cannot be read now, in a sentence; the rest is then what was read before.
    pub trouble: Option<String>,
    /// Whether that is because there is no store.
    pub missing: bool,
}

/// A run and its metrics.
#[derive(Debug, Clone)]
pub struct Run {
    /// As the store has it.
    pub row: RunRow,
    /// Its name, with the end of its uid where another run has the same name.
    pub name: String,
    /// Its metrics.
    pub series: Vec<SeriesRow>,
    /// Its settings, tags and notes.
    pub facts: Arc<RunFacts>,
    /// The way of its goal metric, in a few values.
    pub trend: Vec<f64>,
    /// The group whose mean it is drawn in, where runs are grouped.
    pub group: Option<String>,
    /// Its colour on every chart, while it is on them.
    pub colour: Option<usize>,
}

impl Run {
    /// What a filter looks at.
    pub fn subject(&self) -> Subject<'_> {
        Subject { row: &self.row, facts: &self.facts, series: &self.series }
    }

    /// The metric it is judged by.
    pub fn goal(&self) -> Option<&SeriesRow> {
        self.metric(self.row.goal_metric.as_deref()?)
    }

    /// The metric called `name`.
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
    /// The same read for a part of the axis alone, finer; the series in the same order.
    pub near: Option<(Stretch, Vec<Rows>)>,
    /// Whether rows of the same name are one group.
    pub grouped: bool,
    /// Between which values its metrics lie, where that is known.
    pub limits: Option<(f64, f64)>,
    /// Metrics that are not drawn as they need an axis of their own.
    pub left_out: Vec<String>,
}

/// What only the overview of one run shows.
#[derive(Debug, Clone)]
pub struct Details {
    /// Which run.
    pub run: RunId,
    /// Where and with what it ran.
    pub environment: Environment,
    /// The files it has written, in order.
    pub artifacts: Vec<ArtifactRow>,
    /// What its weights were evaluated on after training, the oldest first.
    pub evaluations: Vec<EvaluationRow>,
}

/// Something that happened in a run.
#[derive(Debug, Clone)]
pub struct Event {
    /// Name of the run.
    pub run: String,
    /// What.
    pub row: EventRow,
}

impl Snapshot {
    /// How many runs may still record.
    pub fn live(&self) -> usize {
        self.runs.iter().filter(|run| run.row.status.is_live()).count()
    }
}
