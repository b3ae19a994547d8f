//! The mouse: a click opens a view, focuses a panel or selects a run; the wheel scrolls.

use ratatui::{
    crossterm::event::{MouseButton, MouseEvent, MouseEventKind},
    layout::{Margin, Position, Rect},
};

use crate::{
    app::{App, Mode, Next},
    areas::screen_areas,
    grid,
    keys::Action,
    tabs::tabs,
};
use clip_lab_chart::layout::Kind;

impl App {
    /// Handles a mouse event; ignored unless the mode is [`Mode::Normal`].
    pub fn mouse(&mut self, event: MouseEvent) -> Next {
        let at = Position::new(event.column, event.row);
        match (&self.mode, event.kind) {
            (Mode::Normal, MouseEventKind::Down(MouseButton::Left)) => self.click(at),
            (Mode::Normal, MouseEventKind::ScrollUp) => return self.wheel(at, true),
            (Mode::Normal, MouseEventKind::ScrollDown) => return self.wheel(at, false),
            _ => {}
        }
        Next::Stay
    }

    fn click(&mut self, at: Position) {
        let Some(areas) = screen_areas(self, self.size) else { return };
        if let Some((view, ..)) = tabs(self, areas.tabs).iter().find(|(_, place, _)| place.contains(at)) {
            self.act(Action::View(*view));
        } else if let Some((panel, place)) = self.panel_at(at) {
            self.focus = panel;
            if self.panels().nth(panel).is_some_and(|panel| panel.kind == Kind::Runs) {
                self.select_row(place.inner(Margin::new(1, 1)), at.y);
            }
        }
    }

    fn select_row(&mut self, area: Rect, row: u16) {
        let selected = self.selected().map(|_| self.selected_index());
        if let Some(at) = grid::line_at(selected, area, row) {
            let run = self.table_runs().nth(at).map(|run| run.row.id);
            if let Some(run) = run {
                self.select_run(run);
            }
        }
    }

    fn wheel(&mut self, at: Position, up: bool) -> Next {
        match self.panel_at(at) {
            Some((panel, _)) => self.act(Action::Wheel { panel, at: (at.x, at.y), up }),
            None => Next::Stay,
        }
    }

    /// The panel at a position of the screen.
    fn panel_at(&self, at: Position) -> Option<(usize, Rect)> {
        screen_areas(self, self.size)?.panels.into_iter().find(|(_, place)| place.contains(at))
    }
}
