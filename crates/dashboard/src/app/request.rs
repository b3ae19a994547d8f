//! What the feed should read for the current state.

use clip_lab_store::RunId;

use super::App;
use crate::data::FeedRequest;
use clip_lab_chart::layout::Kind;

impl App {
    /// What the feed should read for a screen `width` columns wide.
    pub fn feed_request(&self, width: u16) -> FeedRequest {
        FeedRequest {
            view: self.view,
            layout: self.changed_layout.clone(),
            x: self.x,
            buckets: 2 * usize::from(width.max(40)),
            hidden: self.hidden.clone(),
            draw_all: self.draw_all,
            ranked: self.ranked(),
            details: self.details_run(),
            filter: self.table.filter.active.clone(),
            selected: self.selected,
            pinned: self.pinned,
            by: self.by(),
            range: self.chart_options.range,
            smooth: self.smooth,
        }
    }

    /// The runs of a sorted table, in order: charts draw the first ones.
    fn ranked(&self) -> Vec<RunId> {
        let runs = self.table_runs().map(|run| run.row.id);
        if self.table.sort.is_some() { runs.collect() } else { Vec::new() }
    }

    /// The run to read in full: the selected one, if a panel shows it.
    fn details_run(&self) -> Option<RunId> {
        let shown = self.panels().any(|panel| panel.kind == Kind::Run);
        self.selected().or(self.snapshot.runs.first()).map(|run| run.row.id).filter(|_| shown)
    }
}
