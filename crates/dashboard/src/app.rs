//! The state of the dashboard and how keys change it. Does not read the store or draw.

mod act;
mod command_line;
mod help;
mod metrics;
mod mouse;
mod question;
mod scroll;
mod selection;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use clip_lab_store::{Axis, Level, RunId};
use ratatui::{crossterm::event::KeyEvent, layout::Rect};

use super::{
    data::{Chart, FeedRequest, Run, Snapshot},
    keys::Keys,
    panels::{Selection, images::Gallery},
    store_action::{Message, StoreAction},
    table::Table,
    zoom::ChartOptions,
};
use clip_lab_chart::{
    figure::{Form, GroupBy},
    layout::{Kind, Layout, Panel, View},
};

pub use command_line::{CommandLine, completions};
pub use help::{Entry, Help};
pub use metrics::{Metric, Picker};
pub use question::Question;

/// What the event loop does after a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Stay on the screen.
    Stay,
    /// Close the screen; runs continue.
    Leave,
    /// Close the screen and ask its run to stop at the next checkpoint.
    Stop,
    /// Stay on the screen and change the store.
    Store(StoreAction),
}

/// The input mode.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Mode {
    /// Keys act on the panels.
    #[default]
    Normal,
    /// The help is open.
    Help(Help),
    /// The metric list is open.
    Metrics(Picker),
    /// The command line is open.
    Command(CommandLine),
    /// A question is open.
    Question(Question),
}

/// The state of the dashboard.
pub struct App {
    /// The views and their panels.
    pub layout: Layout,
    /// The latest data from the feed.
    pub snapshot: Snapshot,
    /// The current view.
    pub view: usize,
    /// The focused panel, by index in the view.
    pub focus: usize,
    /// Whether the focused panel fills the screen.
    pub expanded: bool,
    /// The input mode.
    pub mode: Mode,
    /// The key bindings.
    pub keys: Keys,
    /// The result of the last command or store action, until the next key.
    pub message: Option<Message>,
    /// The size of the screen; the mouse and scrolling need it.
    pub size: Rect,
    /// The horizontal axis chosen with `x`.
    pub x: Option<Axis>,
    /// Chart options set by keys.
    pub chart_options: ChartOptions,
    /// The smoothing half-life chosen with `s`.
    pub smooth: Option<f64>,
    /// Runs hidden from the charts.
    pub hidden: HashSet<RunId>,
    /// Whether charts draw all runs, not just one per palette colour.
    pub draw_all: bool,
    /// The baseline that other runs are compared with.
    pub pinned: Option<RunId>,
    /// The runs table: filter and order.
    pub table: Table,
    /// Whether the config diff shows all settings.
    pub all_settings: bool,
    /// The minimum severity of the events shown.
    pub severity: Level,
    /// Which evaluation the panels show, and how.
    pub selection: Selection,
    /// Images encoded for the terminal.
    pub gallery: Gallery,
    /// Scroll offsets by view and panel.
    scrolled: HashMap<(usize, usize), usize>,
    selected: Option<RunId>,
    /// Charts added by keys: view and metric.
    added_charts: Vec<(usize, String)>,
    /// The layout including them, for the feed; `None` while it is unchanged.
    changed_layout: Option<Arc<Layout>>,
    /// The run this screen was opened for, by uid.
    own_uid: Option<String>,
    /// Whether this process started that run.
    started_run: bool,
}

impl App {
    /// A dashboard without data; `own_uid` is the run it was opened for, `started_run` whether this process
    /// started it.
    pub fn new(layout: Layout, own_uid: Option<String>, started_run: bool) -> App {
        App {
            layout,
            snapshot: Snapshot::default(),
            view: 0,
            focus: 0,
            expanded: false,
            mode: Mode::Normal,
            keys: Keys::default(),
            message: None,
            size: Rect::default(),
            x: None,
            chart_options: ChartOptions::default(),
            smooth: None,
            hidden: HashSet::new(),
            draw_all: false,
            pinned: None,
            table: Table::default(),
            all_settings: false,
            severity: Level::Info,
            selection: Selection::default(),
            gallery: Gallery::off(),
            scrolled: HashMap::new(),
            selected: None,
            added_charts: Vec::new(),
            changed_layout: None,
            own_uid,
            started_run,
        }
    }

    /// The panels of the current view.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> + Clone {
        self.layout.views.get(self.view).into_iter().flat_map(View::panels)
    }

    /// The data of line panel `panel` of the current view.
    pub fn chart(&self, panel: usize) -> Option<&Chart> {
        let before = self.panels().take(panel).filter(|panel| panel.kind == Kind::Line).count();
        // Data read for the previous layout belongs to other charts.
        let line = |panel: &&Panel| panel.kind == Kind::Line;
        let all = self.changed_layout.as_ref().map(|layout| layout.panels().filter(line).count());
        let charts = &self.snapshot.charts;
        let read = charts.get(self.layout.charts_before(self.view) + before);
        read.filter(|_| all.is_none_or(|all| all == charts.len()))
    }

    /// Replaces the data with a new snapshot.
    pub fn take(&mut self, snapshot: Snapshot) {
        self.snapshot = snapshot;
        self.table.refresh(&self.snapshot);
        if self.selected().is_none() {
            let own = self.snapshot.runs.iter().find(|run| Some(&run.row.uid) == self.own_uid.as_ref());
            self.selected = own.map(|run| run.row.id);
        }
    }

    /// The selected run, if any.
    pub fn selected(&self) -> Option<&Run> {
        self.snapshot.runs.iter().find(|run| Some(run.row.id) == self.selected)
    }

    /// The runs of the table, in its order.
    pub fn shown(&self) -> impl Iterator<Item = &Run> {
        self.table.shown.iter().filter_map(|i| self.snapshot.runs.get(*i))
    }

    /// The position of the selected run in the table; 0 if none is selected.
    pub fn selected_index(&self) -> usize {
        self.shown().position(|run| Some(run.row.id) == self.selected).unwrap_or(0)
    }

    /// What the feed should read for a screen `width` columns wide.
    pub fn want(&self, width: u16) -> FeedRequest {
        FeedRequest {
            view: self.view,
            layout: self.changed_layout.clone(),
            x: self.x,
            buckets: 2 * usize::from(width.max(40)),
            hidden: self.hidden.clone(),
            draw_all: self.draw_all,
            ranked: self.ranked(),
            details: self.details_run(),
            filter: self.table.filter.active.clone(),
            selected: self.selected,
            pinned: self.pinned,
            by: self.by(),
            range: self.chart_options.range,
            smooth: self.smooth,
        }
    }

    /// The runs of a sorted table, in order: charts draw the first ones.
    fn ranked(&self) -> Vec<RunId> {
        let shown = self.shown().map(|run| run.row.id);
        if self.table.sort.is_some() { shown.collect() } else { Vec::new() }
    }

    /// How many curves the charts draw, and how many there are: runs, or groups of runs.
    pub fn drawn(&self) -> (usize, usize) {
        let by_run = self.by() == GroupBy::Run;
        let curve = |run: &Run| if by_run { Some(run.row.uid.clone()) } else { run.group.clone() };
        let all: HashSet<String> = self.snapshot.runs.iter().filter_map(curve).collect();
        let shown = |run: &&Run| run.colour.is_some() && !self.hidden.contains(&run.row.id);
        let drawn: HashSet<String> = self.snapshot.runs.iter().filter(shown).filter_map(curve).collect();
        (drawn.len(), all.len())
    }

    /// The run to read in full: the selected one, if a panel shows it.
    fn details_run(&self) -> Option<RunId> {
        let shown = self.panels().any(|panel| panel.kind == Kind::Run);
        self.selected().or(self.snapshot.runs.first()).map(|run| run.row.id).filter(|_| shown)
    }

    /// The current form of the vertical axis of `panel`.
    pub fn form(&self, panel: &Panel) -> Form {
        self.chart_options.form.unwrap_or(panel.y)
    }

    /// The current smoothing half-life of `panel`.
    pub fn half_life(&self, panel: &Panel) -> f64 {
        self.smooth.unwrap_or(panel.smooth)
    }

    /// Whether the run started by this process is not in the store yet.
    pub fn starting(&self) -> bool {
        self.started_run && self.snapshot.missing && self.snapshot.runs.is_empty()
    }

    /// Whether the run started by this process is live or still starting.
    fn own_live(&self) -> bool {
        let own = self.snapshot.runs.iter().find(|run| Some(&run.row.uid) == self.own_uid.as_ref());
        // A run that is not in the store yet is still starting.
        self.started_run && own.is_none_or(|run| run.row.status.is_live())
    }

    /// Handles `key`; returns what to do next.
    pub fn press(&mut self, key: KeyEvent) -> Next {
        self.message = None;
        match std::mem::take(&mut self.mode) {
            Mode::Question(question) => self.answer(question, key),
            Mode::Command(line) => self.write(line, key),
            Mode::Help(help) => self.search(help, key),
            Mode::Metrics(picker) => self.pick(picker, key),
            Mode::Normal if self.filter_key(key) => Next::Stay,
            Mode::Normal => {
                let on = self.panels().nth(self.focus).map(|panel| panel.kind);
                self.keys.action(key, on).map_or(Next::Stay, |action| self.act(action))
            }
        }
    }
}
