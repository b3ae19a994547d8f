//! The state of the screen and what keys do to it. No reading, no drawing.

mod act;
mod help;
mod line;
mod metrics;
mod mouse;
mod question;
mod scroll;
mod seen;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use clip_lab_store::{Axis, Level, RunId};
use ratatui::{crossterm::event::KeyEvent, layout::Rect};

use super::{
    data::{Chart, Run, Snapshot, Want},
    effect::{Effect, Told},
    keys::Keys,
    lens::Lens,
    panels::{Choice, images::Gallery},
    table::Table,
};
use crate::{
    figure::{By, Form},
    layout::{Kind, Layout, Panel, View},
};

pub use help::{Entry, Help};
pub use line::{Line, completions};
pub use metrics::{Metric, Picker};
pub use question::Question;

/// What comes after a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The screen stays.
    Stay,
    /// The screen closes; runs go on.
    Leave,
    /// The screen closes; the run it belongs to is to stop at its next checkpoint.
    Stop,
    /// The screen stays; the store is to be changed.
    Do(Effect),
}

/// What keys are for at the moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Mode {
    /// Looking around.
    #[default]
    Looking,
    /// Searching the help.
    Help(Help),
    /// Choosing a metric.
    Metrics(Picker),
    /// Writing a command.
    Command(Line),
    /// Answering a question.
    Asking(Question),
}

/// The screen's state.
pub struct App {
    /// What is shown where.
    pub layout: Layout,
    /// What was read last.
    pub snapshot: Snapshot,
    /// The view that is shown.
    pub view: usize,
    /// The focused panel, counted through that view.
    pub focus: usize,
    /// Whether the focused panel has the whole screen.
    pub expanded: bool,
    /// What keys are for.
    pub mode: Mode,
    /// Which keys do what.
    pub keys: Keys,
    /// What a command or the store has answered, until the next key.
    pub told: Option<Told>,
    /// The size of the screen, as far as it is known: the mouse and lists need it.
    pub size: Rect,
    /// The axis chosen with `x`.
    pub x: Option<Axis>,
    /// What keys have changed on the charts.
    pub lens: Lens,
    /// The half-life chosen with `s`.
    pub smooth: Option<f64>,
    /// Runs that no chart shows.
    pub hidden: HashSet<RunId>,
    /// Whether charts draw every run, not only as many as there are colours.
    pub every: bool,
    /// The run that others are compared with.
    pub pinned: Option<RunId>,
    /// The table of runs: its filter and its order.
    pub table: Table,
    /// Whether the config diff shows all settings.
    pub all_settings: bool,
    /// The least severity of the events shown.
    pub severity: Level,
    /// What keys have chosen about evaluations.
    pub choice: Choice,
    /// Pictures made ready for the terminal.
    pub gallery: Gallery,
    /// How far lists are scrolled, by view and panel.
    scrolled: HashMap<(usize, usize), usize>,
    selected: Option<RunId>,
    /// Charts that keys have added: the view, and the metric.
    added: Vec<(usize, String)>,
    /// The layout with them, for the feed; none while it is as it was opened.
    changed: Option<Arc<Layout>>,
    /// The run this screen was opened for, by uid.
    own: Option<String>,
    /// Whether this screen's program started that run.
    child: bool,
}

impl App {
    /// A screen with nothing read yet; `own` is the run it was opened for, `child` whether it started it.
    pub fn new(layout: Layout, own: Option<String>, child: bool) -> App {
        App {
            layout,
            snapshot: Snapshot::default(),
            view: 0,
            focus: 0,
            expanded: false,
            mode: Mode::Looking,
            keys: Keys::default(),
            told: None,
            size: Rect::default(),
            x: None,
            lens: Lens::default(),
            smooth: None,
            hidden: HashSet::new(),
            every: false,
            pinned: None,
            table: Table::default(),
            all_settings: false,
            severity: Level::Info,
            choice: Choice::default(),
            gallery: Gallery::off(),
            scrolled: HashMap::new(),
            selected: None,
            added: Vec::new(),
            changed: None,
            own,
            child,
        }
    }

    /// The panels of the view that is shown.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> + Clone {
        self.layout.views.get(self.view).into_iter().flat_map(View::panels)
    }

    /// What was read for the line panel numbered `panel` in the view that is shown.
    pub fn chart(&self, panel: usize) -> Option<&Chart> {
        let before = self.panels().take(panel).filter(|panel| panel.kind == Kind::Line).count();
        // What was read for the layout before a key changed it is of other charts.
        let line = |panel: &&Panel| panel.kind == Kind::Line;
        let all = self.changed.as_ref().map(|layout| layout.panels().filter(line).count());
        let charts = &self.snapshot.charts;
        let read = charts.get(self.layout.charts_before(self.view) + before);
        read.filter(|_| all.is_none_or(|all| all == charts.len()))
    }

    /// Takes what the feed has read.
    pub fn take(&mut self, snapshot: Snapshot) {
        self.snapshot = snapshot;
        self.table.refresh(&self.snapshot);
        if self.selected().is_none() {
            let own = self.snapshot.runs.iter().find(|run| Some(&run.row.uid) == self.own.as_ref());
            self.selected = own.map(|run| run.row.id);
        }
    }

    /// The selected run: the one chosen, else the newest.
    pub fn selected(&self) -> Option<&Run> {
        self.snapshot.runs.iter().find(|run| Some(run.row.id) == self.selected)
    }

    /// The runs of the table, in its order.
    pub fn shown(&self) -> impl Iterator<Item = &Run> {
        self.table.shown.iter().filter_map(|i| self.snapshot.runs.get(*i))
    }

    /// The position of the selected run in the table.
    pub fn selected_index(&self) -> usize {
        self.shown().position(|run| Some(run.row.id) == self.selected).unwrap_or(0)
    }

    /// What the feed should read for a screen `width` columns wide.
    pub fn want(&self, width: u16) -> Want {
        Want {
            view: self.view,
            layout: self.changed.clone(),
            x: self.x,
            buckets: 2 * usize::from(width.max(40)),
            hidden: self.hidden.clone(),
            every: self.every,
            ranked: self.ranked(),
            details: self.wanted_details(),
            filter: self.table.line.good.clone(),
            selected: self.selected,
            pinned: self.pinned,
            by: self.by(),
            range: self.lens.range,
            smooth: self.smooth,
        }
    }

    /// The runs of the table where it is sorted: its first runs are worth drawing first.
    fn ranked(&self) -> Vec<RunId> {
        let shown = self.shown().map(|run| run.row.id);
        if self.table.sort.is_some() { shown.collect() } else { Vec::new() }
    }

    /// How many curves the charts draw, of how many there are: runs, or groups of them.
    pub fn drawn(&self) -> (usize, usize) {
        let by_run = self.by() == By::Run;
        let curve = |run: &Run| if by_run { Some(run.row.uid.clone()) } else { run.group.clone() };
        let all: HashSet<String> = self.snapshot.runs.iter().filter_map(curve).collect();
        let shown = |run: &&Run| run.colour.is_some() && !self.hidden.contains(&run.row.id);
        let drawn: HashSet<String> = self.snapshot.runs.iter().filter(shown).filter_map(curve).collect();
        (drawn.len(), all.len())
    }

    /// The run of which everything is to be read: the selected one, where a panel shows it.
    fn wanted_details(&self) -> Option<RunId> {
        let shown = self.panels().any(|panel| panel.kind == Kind::Run);
        self.selected().or(self.snapshot.runs.first()).map(|run| run.row.id).filter(|_| shown)
    }

    /// The form of the vertical axis of `panel` now.
    pub fn form(&self, panel: &Panel) -> Form {
        self.lens.form.unwrap_or(panel.y)
    }

    /// The half-life for `panel` now.
    pub fn half_life(&self, panel: &Panel) -> f64 {
        self.smooth.unwrap_or(panel.smooth)
    }

    /// Whether the run this screen started has not reached its store yet.
    pub fn starting(&self) -> bool {
        self.child && self.snapshot.missing && self.snapshot.runs.is_empty()
    }

    /// Whether the run this screen started may still record, or is only about to.
    fn own_live(&self) -> bool {
        let own = self.snapshot.runs.iter().find(|run| Some(&run.row.uid) == self.own.as_ref());
        // Until the store has the run it is only starting: that is alive too.
        self.child && own.is_none_or(|run| run.row.status.is_live())
    }

    /// What to do after `key`.
    pub fn press(&mut self, key: KeyEvent) -> Next {
        self.told = None;
        match std::mem::take(&mut self.mode) {
            Mode::Asking(question) => self.answer(question, key),
            Mode::Command(line) => self.write(line, key),
            Mode::Help(help) => self.search(help, key),
            Mode::Metrics(picker) => self.pick(picker, key),
            Mode::Looking if self.filter_key(key) => Next::Stay,
            Mode::Looking => {
                let on = self.panels().nth(self.focus).map(|panel| panel.kind);
                self.keys.action(key, on).map_or(Next::Stay, |action| self.act(action))
            }
        }
    }
}
