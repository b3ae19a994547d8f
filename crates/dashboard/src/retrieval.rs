//! The retrieval table: the latest hit@k in both directions and zero-shot accuracy.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{app::App, data::Run, grid, grid::Cell, theme::Theme};
use crate::put::Put as _;
use clip_lab_chart::text::Column;

/// Columns from left to right, all in percent: heading, task names, end of the metric's name, and rank (the highest is dropped first).
const COLUMNS: [(&str, &[&str], &str, u8); 8] = [
    ("t→i @1", &["t2i", "text_to_image"], "hit@1", 1),
    ("@5", &["t2i", "text_to_image"], "hit@5", 4),
    ("@10", &["t2i", "text_to_image"], "hit@10", 3),
    ("i→t @1", &["i2t", "image_to_text"], "hit@1", 1),
    ("@5", &["i2t", "image_to_text"], "hit@5", 4),
    ("@10", &["i2t", "image_to_text"], "hit@10", 3),
    ("zero-shot", &["zero_shot"], "top1", 2),
    ("top5", &["zero_shot"], "top5", 5),
];

/// One line: a run on one split.
#[derive(Debug, PartialEq)]
struct Line {
    split: String,
    values: [Option<f64>; COLUMNS.len()],
}

/// How many lines the table has for `runs`.
pub fn lines(runs: &[Run]) -> usize {
    runs.iter().map(|run| split_lines(run.series.iter().map(|s| (s.name.as_str(), s.last))).len()).sum()
}

/// Draws the table.
pub fn draw(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut columns = vec![Column::text("run", 0, 8), Column::text("split", 0, 4)];
    columns.extend(COLUMNS.map(|(head, _, _, rank)| Column::number(head, rank)));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut selected = None;
    for run in &app.snapshot.runs {
        for line in split_lines(run.series.iter().map(|s| (s.name.as_str(), s.last))) {
            if app.selected().is_some_and(|chosen| chosen.row.id == run.row.id) && selected.is_none() {
                selected = Some(rows.len());
            }
            rows.push(cells(run, &line, theme));
        }
    }
    if rows.is_empty() {
        let message = "no evaluation yet: retrieval and zero-shot scores appear here";
        buf.put(area.x, area.y, message, area.width as usize, theme.faint());
        return;
    }
    grid::draw(&columns, &rows, selected, area, theme, buf);
}

fn cells(run: &Run, line: &Line, theme: &Theme) -> Vec<Cell> {
    let style = run.colour.map_or(theme.faint(), |colour| Style::new().fg(theme.series(colour)));
    let mut cells = vec![(run.name.clone(), style), (line.split.clone(), theme.faint())];
    cells.extend(line.values.iter().map(|value| (value.map_or(String::new(), percent), Style::new())));
    cells
}

/// A share as percent with one decimal.
fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// Groups metrics such as `val/retrieval/t2i/hit@1` into lines by the rest of their names, here `val`.
fn split_lines<'a>(metrics: impl Iterator<Item = (&'a str, Option<f64>)>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (name, value) in metrics {
        let parts: Vec<&str> = name.split('/').collect();
        let Some(column) = column(&parts) else { continue };
        let split: Vec<&str> =
            parts[..parts.len() - 1].iter().filter(|part| !is_task(part)).copied().collect();
        let split = split.join("/");
        let at = lines.iter().position(|line| line.split == split).unwrap_or_else(|| {
            lines.push(Line { split, values: [None; COLUMNS.len()] });
            lines.len() - 1
        });
        lines[at].values[column] = value;
    }
    lines.sort_by(|a, b| a.split.cmp(&b.split));
    lines
}

fn column(parts: &[&str]) -> Option<usize> {
    let last = parts.last()?;
    COLUMNS.iter().position(|(_, tasks, end, _)| end == last && tasks.iter().any(|task| parts.contains(task)))
}

/// Whether a part of the name identifies the column, not the split.
fn is_task(part: &&&str) -> bool {
    **part == "retrieval" || COLUMNS.iter().any(|(_, tasks, ..)| tasks.contains(*part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_become_lines_by_split() {
        let metrics = [
            ("train/loss", Some(1.0)),
            ("val/retrieval/t2i/hit@1", Some(0.5)),
            ("val/retrieval/i2t/hit@10", Some(0.9)),
            ("val/zero_shot/top1", None),
            ("test/zero_shot/top1", Some(0.25)),
            ("ema/test/retrieval/text_to_image/hit@5", Some(0.75)),
        ];
        let lines = split_lines(metrics.into_iter());
        let splits: Vec<&str> = lines.iter().map(|line| line.split.as_str()).collect();
        assert_eq!(splits, ["ema/test", "test", "val"]);
        assert_eq!(lines[0].values[1], Some(0.75));
        assert_eq!(lines[1].values[6], Some(0.25));
        assert_eq!(
            (lines[2].values[0], lines[2].values[5], lines[2].values[6]),
            (Some(0.5), Some(0.9), None)
        );
        assert_eq!(percent(0.5791), "57.9");
    }
}
