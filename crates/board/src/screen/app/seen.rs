//! Which evaluation the panels show.

use super::App;
use crate::screen::panels::{Seen, evaluations};

impl App {
    /// The probes of the selected run, or of the newest if none is selected.
    pub fn seen(&self) -> Option<&Seen> {
        let run = self.selected.or(self.snapshot.runs.first().map(|run| run.row.id));
        self.snapshot.panels.seen.iter().find(|seen| Some(seen.run) == run)
    }

    /// The probes of the pinned run.
    pub fn seen_by_pinned(&self) -> Option<&Seen> {
        self.snapshot.panels.seen.iter().find(|seen| Some(seen.run) == self.pinned)
    }

    /// Moves one evaluation back or forward.
    pub(super) fn scrub(&mut self, earlier: bool) {
        let count = self.seen().map_or(0, |seen| evaluations(seen).len());
        self.choice.scrub(earlier, count);
    }

    /// Moves one query forward or back.
    pub(super) fn leaf(&mut self, further: bool) {
        let last = self.seen().and_then(|seen| evaluations(seen).last().map(|probe| probe.queries.len()));
        self.choice.scroll(further, last.unwrap_or(0));
    }

    /// Toggles the query order between worst first and data order, and returns to the first query.
    pub(super) fn turn(&mut self) {
        (self.choice.worst, self.choice.query) = (!self.choice.worst, 0);
    }
}
