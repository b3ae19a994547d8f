//! The arrow keys: the run selection and the scrolling panels.

use super::App;
use crate::{areas::screen_areas, panel};
use clip_lab_chart::layout::Kind;

impl App {
    /// How many lines `panel` of the current view is scrolled.
    pub fn scrolled(&self, panel: usize) -> usize {
        self.scrolled.get(&(self.view, panel)).copied().unwrap_or(0)
    }

    /// Scrolls `panel`, clamped to its ends. Events and logs start at the newest line.
    pub(super) fn scroll(&mut self, panel: usize, lines: usize, up: bool) {
        let shown = self.panels().nth(panel).map(|panel| panel.kind);
        let away = up == shown.is_some_and(Kind::ends_first);
        let most = self.hidden_lines(panel);
        let at = self.scrolled(panel).min(most);
        let at = if away { at.saturating_add(lines).min(most) } else { at.saturating_sub(lines) };
        self.scrolled.insert((self.view, panel), at);
    }

    /// How many lines of `panel` do not fit on the screen.
    fn hidden_lines(&self, panel: usize) -> usize {
        let place =
            screen_areas(self, self.size).and_then(|all| all.panels.into_iter().find(|(i, _)| *i == panel));
        place.map_or(0, |(_, place)| panel::hidden_lines(self, panel, place))
    }

    /// Moves the run selection.
    pub(super) fn select(&mut self, by: usize, up: bool) {
        let last = self.table.shown.len().saturating_sub(1);
        let at = self.selected_index();
        let at = if up { at.saturating_sub(by) } else { at.saturating_add(by).min(last) };
        // Without a selection, the first key selects the first run.
        let at = if self.selected().is_none() { 0 } else { at };
        let chosen = self.shown().nth(at).map(|run| run.row.id);
        self.selected = chosen;
    }
}
