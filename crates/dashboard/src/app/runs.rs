//! Which runs are selected, hidden, pinned and drawn.

use std::collections::HashSet;

use clip_lab_store::RunId;

use super::App;
use crate::data::Run;
use clip_lab_chart::figure::GroupBy;

impl App {
    /// The selected run, if any.
    pub fn selected(&self) -> Option<&Run> {
        self.snapshot.runs.iter().find(|run| Some(run.row.id) == self.selected)
    }

    /// The runs of the table, in its order.
    pub fn table_runs(&self) -> impl Iterator<Item = &Run> {
        self.table.shown.iter().filter_map(|i| self.snapshot.runs.get(*i))
    }

    /// The position of the selected run in the table; 0 if none is selected.
    pub fn selected_index(&self) -> usize {
        self.table_runs().position(|run| Some(run.row.id) == self.selected).unwrap_or(0)
    }

    /// Moves the run selection.
    pub(crate) fn move_selection(&mut self, by: usize, up: bool) {
        let last = self.table.shown.len().saturating_sub(1);
        let at = self.selected_index();
        let at = if up { at.saturating_sub(by) } else { at.saturating_add(by).min(last) };
        // Without a selection, the first key selects the first run.
        let at = if self.selected().is_none() { 0 } else { at };
        let chosen = self.table_runs().nth(at).map(|run| run.row.id);
        self.selected = chosen;
    }

    /// Selects a run.
    pub(crate) fn select_run(&mut self, run: RunId) {
        self.selected = Some(run);
    }

    /// Hides the selected run from the charts, or shows it again. Selects the first run if none is selected.
    pub(crate) fn toggle_hidden(&mut self) {
        if self.selected().is_none() {
            self.move_selection(0, false);
        }
        if let Some(id) = self.selected
            && !self.hidden.remove(&id)
        {
            self.hidden.insert(id);
        }
    }

    /// Pins the selected run as the baseline, or unpins it.
    pub(crate) fn toggle_pinned(&mut self) {
        let selected = self.selected().map(|run| run.row.id);
        self.pinned = selected.filter(|id| self.pinned != Some(*id));
    }

    /// How many curves the charts draw, and how many there are: runs, or groups of runs.
    pub fn curve_counts(&self) -> (usize, usize) {
        let by_run = self.by() == GroupBy::Run;
        let curve = |run: &Run| if by_run { Some(run.row.uid.clone()) } else { run.group.clone() };
        let all: HashSet<String> = self.snapshot.runs.iter().filter_map(curve).collect();
        let shown = |run: &&Run| run.colour.is_some() && !self.hidden.contains(&run.row.id);
        let drawn: HashSet<String> = self.snapshot.runs.iter().filter(shown).filter_map(curve).collect();
        (drawn.len(), all.len())
    }
}
