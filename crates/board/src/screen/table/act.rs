//! What keys do to the table.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::app::App;

/// What a key asks of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Write a filter.
    Filter,
    /// Sort by the next column.
    Next,
    /// Sort by the column before.
    Before,
    /// Turn the order round.
    Reverse,
    /// Sort by the column called so.
    SortBy(String),
    /// Filter by this.
    SetFilter(String),
    /// Draw every run on the charts, or as many as there are colours.
    All,
    /// Show none of them.
    Nobody,
}

impl App {
    /// Does it.
    pub fn table_act(&mut self, act: Act) {
        match act {
            Act::Filter => self.table.line.open = true,
            Act::Next => self.table.sort_by_next(&self.snapshot, false),
            Act::Before => self.table.sort_by_next(&self.snapshot, true),
            Act::Reverse => self.table.reverse(&self.snapshot),
            Act::SortBy(name) => self.table.sort_by(&self.snapshot, &name),
            Act::SetFilter(text) => {
                self.table.line.set(text);
                self.table.refresh(&self.snapshot);
            }
            Act::All => {
                // What is hidden comes back first; only where nothing is, the key goes back to a few.
                self.every = !self.every || !self.hidden.is_empty();
                self.hidden.clear();
            }
            Act::Nobody => self.hidden = self.snapshot.runs.iter().map(|run| run.row.id).collect(),
        }
    }

    /// Takes a key for the line of the filter; false when it is not for that line.
    pub fn filter_key(&mut self, key: KeyEvent) -> bool {
        let line = &self.table.line;
        let interrupts = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        // Esc clears a filter that is in force before it closes anything else.
        let clears = key.code == KeyCode::Esc && !line.text.is_empty();
        if interrupts || !(line.open || clears) {
            return false;
        }
        if self.table.line.press(key) {
            self.table.refresh(&self.snapshot);
        }
        true
    }
}
