//! The state of the screen and what keys do to it. No reading, no drawing.

use std::collections::HashSet;

use clip_lab_store::{Axis, RunId};
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::{
    data::{Chart, Run, Snapshot, Want},
    keys::{Action, action},
};
use crate::{
    figure::{Form, x},
    layout::{Kind, Layout, Panel, View},
};

/// Half-lives that the `s` key walks through, in steps.
const SMOOTH: [f64; 6] = [0.0, 10.0, 30.0, 100.0, 300.0, 1000.0];

/// What comes after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The screen stays.
    Stay,
    /// The screen closes; runs go on.
    Leave,
    /// The screen closes; the run it belongs to is to stop at its next checkpoint.
    Stop,
}

/// The answers to "leave while the run trains?".
pub const ANSWERS: [(&str, Next, &str); 3] = [
    ("k", Next::Leave, "keep running in the background"),
    ("s", Next::Stop, "stop at the next checkpoint"),
    ("c", Next::Stay, "cancel"),
];

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
    /// Whether the help is open.
    pub help: bool,
    /// The answer marked in "leave while the run trains?", while that is asked.
    pub asking: Option<usize>,
    /// The axis chosen with `x`.
    pub x: Option<Axis>,
    /// Whether `l` turned the layout's choice of vertical axes round.
    pub log_turned: bool,
    /// The half-life chosen with `s`.
    pub smooth: Option<f64>,
    /// Runs that no chart shows.
    pub hidden: HashSet<RunId>,
    selected: Option<RunId>,
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
            help: false,
            asking: None,
            x: None,
            log_turned: false,
            smooth: None,
            hidden: HashSet::new(),
            selected: None,
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
        self.snapshot.charts.get(self.layout.charts_before(self.view) + before)
    }

    /// Takes what the feed has read.
    pub fn take(&mut self, snapshot: Snapshot) {
        self.snapshot = snapshot;
        if self.selected().is_none() {
            let own = self.snapshot.runs.iter().find(|run| Some(&run.row.uid) == self.own.as_ref());
            self.selected = own.map(|run| run.row.id);
        }
    }

    /// The selected run: the one chosen, else the newest.
    pub fn selected(&self) -> Option<&Run> {
        self.snapshot.runs.iter().find(|run| Some(run.row.id) == self.selected)
    }

    /// The position of the selected run in the table.
    pub fn selected_index(&self) -> usize {
        self.snapshot.runs.iter().position(|run| Some(run.row.id) == self.selected).unwrap_or(0)
    }

    /// What the feed should read for a screen `width` columns wide.
    pub fn want(&self, width: u16) -> Want {
        Want {
            view: self.view,
            x: self.x,
            buckets: 2 * usize::from(width.max(40)),
            hidden: self.hidden.clone(),
            ..Want::default()
        }
    }

    /// The form of the vertical axis of `panel` now.
    pub fn form(&self, panel: &Panel) -> Form {
        if panel.log != self.log_turned { Form::Log } else { Form::Linear }
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
        if self.asking.is_some() {
            return self.answer(key);
        }
        if let Some(action) = action(key) {
            return self.act(action);
        }
        Next::Stay
    }

    fn act(&mut self, action: Action) -> Next {
        let panels = self.panels().count().max(1);
        match action {
            Action::Leave => return self.leave(),
            Action::Help => self.help = !self.help,
            Action::Next => self.focus = (self.focus + 1) % panels,
            Action::Before => self.focus = (self.focus + panels - 1) % panels,
            Action::View(view) => self.switch(view),
            Action::Up => self.select(-1),
            Action::Down => self.select(1),
            Action::Hide => self.hide(),
            Action::Expand => self.expanded = !self.expanded,
            Action::X => self.x = Some(x::next(self.x.unwrap_or_else(|| self.first_axis()))),
            Action::Log => self.log_turned = !self.log_turned,
            Action::Smooth => self.smooth = Some(self.next_half_life()),
            Action::Reset => (self.x, self.log_turned, self.smooth) = (None, false, None),
        }
        Next::Stay
    }

    fn switch(&mut self, view: usize) {
        if view < self.layout.views.len() && view != self.view {
            (self.view, self.focus, self.expanded) = (view, 0, false);
        }
    }

    fn leave(&mut self) -> Next {
        if self.help {
            self.help = false;
        } else if self.own_live() {
            self.asking = Some(0);
        } else {
            return Next::Leave;
        }
        Next::Stay
    }

    fn answer(&mut self, key: KeyEvent) -> Next {
        let marked = self.asking.unwrap_or(0);
        let count = ANSWERS.len();
        let chosen = match key.code {
            KeyCode::Enter => Some(marked),
            KeyCode::Esc => Some(count - 1),
            KeyCode::Char(c) => ANSWERS.iter().position(|(key, ..)| *key == c.to_string()),
            KeyCode::Up | KeyCode::Left | KeyCode::BackTab => {
                self.asking = Some((marked + count - 1) % count);
                None
            }
            KeyCode::Down | KeyCode::Right | KeyCode::Tab => {
                self.asking = Some((marked + 1) % count);
                None
            }
            _ => None,
        };
        let Some(chosen) = chosen else { return Next::Stay };
        self.asking = None;
        ANSWERS[chosen].1
    }

    fn select(&mut self, by: isize) {
        let last = self.snapshot.runs.len().saturating_sub(1);
        let at = self.selected_index().saturating_add_signed(by).min(last);
        // Nothing selected yet: the first key marks the first run, it does not pass it over.
        let at = if self.selected().is_none() { 0 } else { at };
        self.selected = self.snapshot.runs.get(at).map(|run| run.row.id);
    }

    fn hide(&mut self) {
        if self.selected().is_none() {
            self.select(0);
        }
        if let Some(id) = self.selected
            && !self.hidden.remove(&id)
        {
            self.hidden.insert(id);
        }
    }

    fn first_axis(&self) -> Axis {
        self.panels().find(|panel| panel.kind == Kind::Line).map_or(Axis::Step, |panel| panel.x)
    }

    fn next_half_life(&self) -> f64 {
        let shown = self.panels().find(|panel| panel.kind == Kind::Line).map_or(0.0, |p| self.half_life(p));
        SMOOTH.into_iter().find(|half_life| *half_life > shown).unwrap_or(0.0)
    }
}
