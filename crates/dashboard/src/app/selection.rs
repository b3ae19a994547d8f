//! Which evaluation the panels show.

use super::App;
use crate::panels::{RunProbes, evaluations};

impl App {
    /// The probes of the selected run, or of the newest if none is selected.
    pub fn selected_probes(&self) -> Option<&RunProbes> {
        let run = self.selected.or(self.snapshot.runs.first().map(|run| run.row.id));
        self.snapshot.panels.probes.iter().find(|probes| Some(probes.run) == run)
    }

    /// The probes of the pinned run.
    pub fn pinned_probes(&self) -> Option<&RunProbes> {
        self.snapshot.panels.probes.iter().find(|probes| Some(probes.run) == self.pinned)
    }

    /// Moves one evaluation back or forward.
    pub(super) fn scrub(&mut self, earlier: bool) {
        let count = self.selected_probes().map_or(0, |probes| evaluations(probes).len());
        self.selection.scrub(earlier, count);
    }

    /// Moves one query forward or back.
    pub(super) fn scroll_query(&mut self, further: bool) {
        let last = self
            .selected_probes()
            .and_then(|probes| evaluations(probes).last().map(|probe| probe.queries.len()));
        self.selection.scroll(further, last.unwrap_or(0));
    }

    /// Toggles the query order between worst first and data order, and returns to the first query.
    pub(super) fn toggle_worst(&mut self) {
        (self.selection.worst, self.selection.query) = (!self.selection.worst, 0);
    }
}
