//! Executes actions.

use clip_lab_store::{Level, Request};

use crate::{
    app::{App, ChartOptions, CommandLine, Help, Mode, Next, Picker, Question},
    data::Run,
    keys::Action,
    store_action::StoreAction,
};
use clip_lab_chart::{
    figure::{Form, x},
    layout::Kind,
    text::clean,
};

/// Smoothing half-lives that the `s` key cycles through, in steps.
const SMOOTH: [f64; 6] = [0.0, 10.0, 30.0, 100.0, 300.0, 1000.0];

impl App {
    /// Executes `action`.
    pub(super) fn act(&mut self, action: Action) -> Next {
        let panels = self.panels().count().max(1);
        match action {
            Action::Leave => return self.leave(),
            Action::Close => self.close(),
            Action::Metrics => self.mode = Mode::Metrics(Picker::default()),
            Action::AddChart(metric) => self.add_chart(metric),
            Action::SaveLayout(name) => {
                return Next::Store(StoreAction::SaveLayout { name, text: self.layout.to_toml() });
            }
            Action::Help => self.mode = Mode::Help(Help::default()),
            Action::Command(text) => self.mode = Mode::Command(CommandLine::new(text)),
            Action::View(view) => self.switch(view),
            Action::Next => self.focus = (self.focus + 1) % panels,
            Action::Previous => self.focus = (self.focus + panels - 1) % panels,
            Action::Up(lines) => self.move_lines(self.focus, lines, true),
            Action::Down(lines) => self.move_lines(self.focus, lines, false),
            Action::Wheel { panel, up, .. } => self.move_lines(panel, 3, up),
            Action::Hide => self.toggle_hidden(),
            Action::Pin => self.toggle_pinned(),
            Action::Table(action) => self.table_action(action),
            Action::Matrix => self.selection.mode = self.selection.mode.next(),
            Action::Worst => self.toggle_worst(),
            Action::Scrub { earlier } => self.scrub(earlier),
            Action::Query { further } => self.scroll_query(further),
            Action::Expand => self.expanded = !self.expanded,
            Action::X => self.x = Some(x::next(self.x.unwrap_or_else(|| self.first_axis()))),
            Action::SetX(axis) => self.x = Some(axis),
            Action::Log => self.chart_options.form = Some(self.first_form().next()),
            Action::Smooth => self.smooth = Some(self.next_half_life()),
            Action::SetSmooth(steps) => self.smooth = Some(steps),
            Action::Reset => {
                (self.x, self.chart_options, self.smooth) = (None, ChartOptions::default(), None)
            }
            Action::Chart(action) => self.chart_action(action),
            Action::AllSettings => self.all_settings = !self.all_settings,
            Action::Severity => self.severity = next(self.severity),
            Action::SetSeverity(level) => self.severity = level,
            Action::Stop => self.ask_to_stop(),
            Action::Checkpoint => return self.ask_for_a_checkpoint(),
            Action::Tag(tag) => {
                return self.edit(|run| StoreAction::Tag { run: run.row.id, name: name(run), tag });
            }
            Action::Untag(tag) => {
                return self.edit(|run| StoreAction::Untag { run: run.row.id, name: name(run), tag });
            }
            Action::Note(text) => {
                return self.edit(|run| StoreAction::Note { run: run.row.id, name: name(run), text });
            }
        }
        Next::Stay
    }

    fn switch(&mut self, view: usize) {
        if view < self.layout.views.len() && view != self.view {
            (self.view, self.focus, self.expanded) = (view, 0, false);
        }
    }

    /// Closes what is open; never leaves the screen, so an extra Esc does no harm.
    fn close(&mut self) {
        if self.expanded {
            self.expanded = false;
        } else {
            self.notify(format!("nothing is open; press {} to leave", self.keys.key_of("quit")), true);
        }
    }

    fn leave(&mut self) -> Next {
        if self.expanded {
            self.expanded = false;
        } else if self.own_live() {
            self.mode = Mode::Question(Question::leave());
        } else {
            return Next::Leave;
        }
        Next::Stay
    }

    /// Scrolls panels with a list of their own; elsewhere moves the run selection.
    fn move_lines(&mut self, panel: usize, lines: usize, up: bool) {
        let kind = self.panels().nth(panel).map(|panel| panel.kind);
        match kind {
            Some(kind) if kind.scrolls() => self.scroll(panel, lines, up),
            Some(Kind::Line) if panel != self.focus => {}
            _ => self.move_selection(lines, up),
        }
    }

    fn first_form(&self) -> Form {
        self.panels().find(|panel| panel.kind == Kind::Line).map_or(Form::Linear, |panel| self.form(panel))
    }

    fn next_half_life(&self) -> f64 {
        let shown = self.panels().find(|panel| panel.kind == Kind::Line).map_or(0.0, |p| self.half_life(p));
        SMOOTH.into_iter().find(|half_life| *half_life > shown).unwrap_or(0.0)
    }

    fn ask_to_stop(&mut self) {
        match Question::stop(self) {
            Some(question) => self.mode = Mode::Question(question),
            None => self.notify_no_selection(),
        }
    }

    fn ask_for_a_checkpoint(&mut self) -> Next {
        self.edit(|run| StoreAction::Request {
            run: run.row.id,
            name: name(run),
            request: Request::Checkpoint,
        })
    }

    /// A store action on the selected run.
    fn edit(&mut self, action: impl FnOnce(&Run) -> StoreAction) -> Next {
        match self.selected() {
            Some(run) => Next::Store(action(run)),
            None => {
                self.notify_no_selection();
                Next::Stay
            }
        }
    }

    fn notify_no_selection(&mut self) {
        self.notify("no run is selected: choose one with the arrow keys first".to_string(), false);
    }
}

fn name(run: &Run) -> String {
    clean(&run.name)
}

fn next(level: Level) -> Level {
    match level {
        Level::Info => Level::Warning,
        Level::Warning => Level::Error,
        Level::Error => Level::Info,
    }
}
