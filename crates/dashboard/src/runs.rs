//! The runs table: status, progress, scores with intervals, and the settings that differ.

mod cells;

use clip_lab_store::Status;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    app::App,
    data::Run,
    grid,
    grid::Cell,
    table::{
        Table,
        column::{Col, setting},
        short_key,
    },
    theme::Theme,
};
use cells::cell;
use clip_lab_chart::text::Column;

pub use cells::progress;

/// Symbol and label of a status.
pub fn status_label(status: Status) -> &'static str {
    match status {
        Status::Queued => "○ queued",
        Status::Running => "● running",
        Status::Stalled => "◐ stalled",
        Status::Finished => "✓ finished",
        Status::Failed => "✗ failed",
        Status::Interrupted => "■ interrupted",
        Status::NonFinite => "✕ non-finite",
        Status::Crashed => "⊗ crashed",
    }
}

/// The style of a status; without colour the label is enough.
pub fn status_style(status: Status, theme: &Theme) -> Style {
    match status {
        Status::Running | Status::Finished => theme.good(),
        Status::Stalled | Status::Interrupted => theme.warning(),
        Status::Failed | Status::NonFinite | Status::Crashed => theme.bad(),
        Status::Queued => theme.faint(),
    }
}

/// Draws the table.
pub fn draw(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let columns = app.table.columns();
    let runs: Vec<&Run> = app.table_runs().collect();
    let heads: Vec<Column> = columns.iter().map(|col| heading(col, &app.table, &runs)).collect();
    let row = |run: &&Run| columns.iter().map(|col| cell(col, run, app, theme)).collect();
    let rows: Vec<Vec<Cell>> = runs.iter().map(row).collect();
    let selected = app.selected().map(|_| app.selected_index());
    grid::draw(&heads, &rows, selected, area, theme, buf);
}

/// The heading of a column, with an arrow if the table is sorted by it, and the rank by which columns are dropped.
fn heading(col: &Col, table: &Table, runs: &[&Run]) -> Column {
    let sorted = table.sort.as_ref().filter(|(by, _)| by == col);
    let arrow = sorted.map_or("", |(_, descending)| if *descending { "↓" } else { "↑" });
    let of = |right: bool, label: &str, rank: u8, least: Option<usize>| {
        let rank = if sorted.is_some() { 0 } else { rank };
        Column { head: format!("{label}{arrow}"), right, rank, least }
    };
    match col {
        Col::Name => of(false, "run", 0, Some(10)),
        Col::Status => of(false, "status", 0, Some(9)),
        Col::Progress => of(false, "progress", 6, None),
        Col::Step => of(true, "step", 8, None),
        Col::Last => of(true, &goal_heading(runs), 1, None),
        Col::Interval => of(true, "±95%", 2, None),
        Col::Best => of(true, "best", 3, None),
        Col::Trend => of(false, "trend", 7, None),
        Col::Loss => of(true, "loss", 2, None),
        Col::Pairs => of(true, "pairs/s", 9, None),
        Col::Time => of(true, "time", 4, None),
        Col::Study => of(false, "study", 60, None),
        Col::Arm => of(false, "arm", 59, None),
        Col::Seed => of(true, "seed", 58, None),
        Col::Epoch => of(true, "epoch", 62, None),
        Col::Reason => of(false, "reason", 61, Some(24)),
        Col::Setting(key) => {
            let cells = || runs.iter().filter_map(|run| setting(run, key));
            let numbers = cells().all(|value| value.parse::<f64>().is_ok());
            // The first three settings matter more than the speed.
            let rank = match table.keys.iter().position(|other| other == key) {
                Some(at @ 0..3) => 4 + at as u8,
                at => 10 + at.unwrap_or(40) as u8,
            };
            of(numbers, &short_key(key, &table.keys), rank, (!numbers).then_some(6))
        }
    }
}

/// The name of the goal metric if all runs share it.
fn goal_heading(runs: &[&Run]) -> String {
    let mut names: Vec<&str> = runs.iter().filter_map(|run| run.row.goal_metric.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [name] => {
            let parts: Vec<&str> = name.rsplit('/').take(2).collect();
            parts.into_iter().rev().collect::<Vec<_>>().join("/")
        }
        _ => "goal".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::put::Put as _;

    #[test]
    fn symbols_of_statuses_differ_in_ascii_too() {
        let symbols = |ascii: bool| -> HashSet<String> {
            let symbol = |status: &Status| {
                let mut buf = Buffer::empty(Rect::new(0, 0, 1, 1));
                buf.put(0, 0, status_label(*status), 1, Style::new());
                if ascii {
                    crate::ascii::plain(&mut buf);
                }
                buf[(0, 0)].symbol().to_string()
            };
            Status::ALL.iter().map(symbol).collect()
        };
        assert_eq!((symbols(false).len(), symbols(true).len()), (Status::ALL.len(), Status::ALL.len()));
        assert!(!symbols(true).contains("?"), "every symbol has an ASCII replacement");
    }
}
