//! Filter and order of the runs table, and how many runs the charts draw.

use super::App;
use crate::keys::TableAction;

impl App {
    /// Executes an action on the runs table.
    pub fn table_action(&mut self, action: TableAction) {
        match action {
            TableAction::Filter => self.table.filter.open = true,
            TableAction::Next => self.table.sort_by_next(&self.snapshot, false),
            TableAction::Previous => self.table.sort_by_next(&self.snapshot, true),
            TableAction::Reverse => self.table.reverse(&self.snapshot),
            TableAction::SortBy(name) => self.table.sort_by(&self.snapshot, &name),
            TableAction::SetFilter(text) => {
                self.table.filter.set(text);
                self.table.refresh(&self.snapshot);
            }
            TableAction::DrawAll => {
                // Hidden runs come back first; if there are none, the key toggles between all and a few.
                self.draw_all = !self.draw_all || !self.hidden.is_empty();
                self.hidden.clear();
            }
            TableAction::HideAll => self.hidden = self.snapshot.runs.iter().map(|run| run.row.id).collect(),
        }
    }
}
