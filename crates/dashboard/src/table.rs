//! The runs table: filter, order and columns. Does not read the store or draw.

pub mod column;
mod diff_columns;
pub mod filter_input;
pub mod sort;

use clip_lab_diagnostics::Problem;

use crate::data::Snapshot;
use column::{Col, columns};
pub use diff_columns::short_key;
use filter_input::FilterInput;
use sort::Value;

/// The state of the table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The filter and its line.
    pub filter: FilterInput,
    /// The sort column, and whether it is descending; `None` means newest first.
    pub sort: Option<(Col, bool)>,
    /// The runs shown, as indices into the snapshot.
    pub shown: Vec<usize>,
    /// The settings in which they differ.
    pub keys: Vec<String>,
}

impl Table {
    /// Updates rows, order and columns for `snapshot` and the filter.
    pub fn refresh(&mut self, snapshot: &Snapshot) {
        let runs = &snapshot.runs;
        let all = runs.iter().map(|run| run.subject());
        // Runs outside the snapshot may have names that these lack; the feed checks them all and reports errors.
        let sure = self.filter.active.check(all.clone()).is_ok();
        self.shown = (0..runs.len()).filter(|i| !sure || self.filter.matches(&runs[*i].subject())).collect();
        let details: Vec<_> = self.shown.iter().map(|i| &*runs[*i].details).collect();
        self.keys = diff_columns::diff_columns(&details);
        let Some((col, descending)) = &self.sort else { return };
        let values: Vec<Value> = runs.iter().map(|run| col.value(run, &snapshot.scores)).collect();
        self.shown.sort_by(|a, b| values[*a].order(&values[*b], *descending));
    }

    /// All columns.
    pub fn columns(&self) -> Vec<Col> {
        columns(&self.keys)
    }

    /// Sorts by the next or the previous column with values; past the ends, newest first.
    pub fn sort_by_next(&mut self, snapshot: &Snapshot, back: bool) {
        let has_values = |col: &Col| {
            let values = snapshot.runs.iter().map(|run| col.value(run, &snapshot.scores));
            values.filter(|value| *value != Value::Missing).take(1).count() > 0
        };
        let columns: Vec<Col> = self.columns().into_iter().filter(has_values).collect();
        let at = self.sort.as_ref().and_then(|(col, _)| columns.iter().position(|other| other == col));
        let next = match (at, back) {
            (None, false) => columns.first(),
            (None, true) => columns.last(),
            (Some(at), false) => columns.get(at + 1),
            (Some(at), true) => at.checked_sub(1).and_then(|at| columns.get(at)),
        };
        self.sort = next.map(|col| (col.clone(), col.starts_descending(&snapshot.runs)));
        self.refresh(snapshot);
    }

    /// Reverses the order; without one, sorts by the goal metric, best first.
    pub fn reverse(&mut self, snapshot: &Snapshot) {
        match &mut self.sort {
            Some((_, descending)) => *descending = !*descending,
            None => self.sort = Some((Col::Last, Col::Last.starts_descending(&snapshot.runs))),
        }
        self.refresh(snapshot);
    }

    /// The names of all columns.
    pub fn column_names(&self) -> Vec<String> {
        self.columns().iter().map(|col| col.name(&self.keys)).collect()
    }

    /// Sorts by the column `name`, such as `lr` or `best`, if there is one; `-` before it reverses the order.
    pub fn sort_by(&mut self, snapshot: &Snapshot, name: &str) {
        let reversed = name.starts_with('-');
        let name = name.strip_prefix('-').unwrap_or(name);
        if let Some(col) = self.columns().into_iter().find(|col| col.name(&self.keys) == name) {
            let descending = col.starts_descending(&snapshot.runs) != reversed;
            self.sort = Some((col, descending));
            self.refresh(snapshot);
        }
    }

    /// The error of the filter: of its syntax, else of its names as reported by the feed.
    pub fn problem<'a>(&'a self, snapshot: &'a Snapshot) -> Option<&'a Problem> {
        let problem =
            snapshot.filtered.problem.as_ref().filter(|_| snapshot.filtered.text == self.filter.text);
        self.filter.problem.as_ref().or(problem)
    }
}
