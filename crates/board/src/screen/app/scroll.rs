//! What moves with the arrow keys: the selection among the runs, and lists that stand by themselves.

use super::App;
use crate::{
    layout::Kind,
    screen::{panel, places::places},
};

impl App {
    /// How many lines the list in `panel` of the view shown is scrolled.
    pub fn scrolled(&self, panel: usize) -> usize {
        self.scrolled.get(&(self.view, panel)).copied().unwrap_or(0)
    }

    /// Scrolls the list in `panel`, no further than its ends. The newest events are where scrolling begins.
    pub(super) fn scroll(&mut self, panel: usize, lines: usize, up: bool) {
        let shown = self.panels().nth(panel).map(|panel| panel.kind);
        let away = up == shown.is_some_and(Kind::ends_first);
        let most = self.out_of_sight(panel);
        let at = self.scrolled(panel).min(most);
        let at = if away { at.saturating_add(lines).min(most) } else { at.saturating_sub(lines) };
        self.scrolled.insert((self.view, panel), at);
    }

    /// The lines of the list in `panel` for which there is no room on this screen.
    fn out_of_sight(&self, panel: usize) -> usize {
        let place = places(self, self.size).and_then(|all| all.panels.into_iter().find(|(i, _)| *i == panel));
        place.map_or(0, |(_, place)| panel::out_of_sight(self, panel, place))
    }

    /// Moves the selection among the runs.
    pub(super) fn select(&mut self, by: usize, up: bool) {
        let last = self.table.shown.len().saturating_sub(1);
        let at = self.selected_index();
        let at = if up { at.saturating_sub(by) } else { at.saturating_add(by).min(last) };
        // Nothing selected yet: the first key marks the first run, it does not pass it over.
        let at = if self.selected().is_none() { 0 } else { at };
        let chosen = self.shown().nth(at).map(|run| run.row.id);
        self.selected = chosen;
    }
}
