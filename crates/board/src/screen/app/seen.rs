//! Which evaluations are looked at.

use super::App;
use crate::screen::panels::{Seen, evaluations};

impl App {
    /// What the selected run saw, or the newest where none is selected.
    pub fn seen(&self) -> Option<&Seen> {
        let run = self.selected.or(self.snapshot.runs.first().map(|run| run.row.id));
        self.snapshot.panels.seen.iter().find(|seen| Some(seen.run) == run)
    }

    /// What the pinned run saw.
    pub fn seen_by_pinned(&self) -> Option<&Seen> {
        self.snapshot.panels.seen.iter().find(|seen| Some(seen.run) == self.pinned)
    }

    /// One evaluation earlier or later.
    pub(super) fn scrub(&mut self, earlier: bool) {
        let count = self.seen().map_or(0, |seen| evaluations(seen).len());
        self.choice.scrub(earlier, count);
    }

    /// One query further or back.
    pub(super) fn leaf(&mut self, further: bool) {
        let last = self.seen().and_then(|seen| evaluations(seen).last().map(|probe| probe.queries.len()));
        self.choice.scroll(further, last.unwrap_or(0));
    }

    /// The queries answered worst first, or in the order of the data; from the first one either way.
    pub(super) fn turn(&mut self) {
        (self.choice.worst, self.choice.query) = (!self.choice.worst, 0);
    }
}
