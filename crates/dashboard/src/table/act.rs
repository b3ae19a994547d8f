//! Actions on the runs table.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::app::App;

/// An action on the runs table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableAction {
    /// Open the filter line.
    Filter,
    /// Sort by the next column.
    Next,
    /// Sort by the previous column.
    Previous,
    /// Reverse the order.
    Reverse,
    /// Sort by the column of this name.
    SortBy(String),
    /// Set the filter.
    SetFilter(String),
    /// Draw all runs on the charts, or one per palette colour.
    DrawAll,
    /// Hide all runs.
    HideAll,
}

impl App {
    /// Executes an action on the runs table.
    pub fn table_act(&mut self, act: TableAction) {
        match act {
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

    /// Passes a key to the filter line; false if the line does not take it.
    pub fn filter_key(&mut self, key: KeyEvent) -> bool {
        let filter = &self.table.filter;
        let interrupts = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        // Esc clears an active filter before it closes anything else.
        let clears = key.code == KeyCode::Esc && !filter.text.is_empty();
        if interrupts || !(filter.open || clears) {
            return false;
        }
        if self.table.filter.press(key) {
            self.table.refresh(&self.snapshot);
        }
        true
    }
}
