//! Scrolls panels.

use crate::{app::App, areas::screen_areas, panel};
use clip_lab_chart::layout::Kind;

impl App {
    /// Scrolls `panel`, clamped to its ends. Events and logs start at the newest line.
    pub(super) fn scroll(&mut self, panel: usize, lines: usize, up: bool) {
        let kind = self.panels().nth(panel).map(|panel| panel.kind);
        let forward = up == kind.is_some_and(Kind::ends_first);
        let max = self.hidden_lines(panel);
        let at = self.scrolled(panel).min(max);
        let at = if forward { at.saturating_add(lines).min(max) } else { at.saturating_sub(lines) };
        self.set_scrolled(panel, at);
    }

    /// How many lines of `panel` do not fit on the screen.
    fn hidden_lines(&self, panel: usize) -> usize {
        let place =
            screen_areas(self, self.size).and_then(|all| all.panels.into_iter().find(|(i, _)| *i == panel));
        place.map_or(0, |(_, place)| panel::hidden_lines(self, panel, place))
    }
}
