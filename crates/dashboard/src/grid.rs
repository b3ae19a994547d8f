//! A table in a panel: drops whole columns that do not fit and scrolls to the selected line.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use super::theme::Theme;
use crate::put::Put as _;
use clip_lab_chart::text::{Column, fit, pad};

/// A cell: text and style.
pub type Cell = (String, Style);

/// Draws the table into `area`, heading first, scrolled to the selected line.
pub fn draw(
    columns: &[Column],
    rows: &[Vec<Cell>],
    selected: Option<usize>,
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    draw_from(columns, rows, (first(selected, area), selected), area, theme, buf);
}

/// The first visible line, so that `selected` is visible.
fn first(selected: Option<usize>, area: Rect) -> usize {
    selected.map_or(0, |at| (at + 1).saturating_sub(area.height.saturating_sub(1).into()))
}

/// The line of the table that [`draw`] puts on `row` of the screen.
pub fn line_at(selected: Option<usize>, area: Rect, row: u16) -> Option<usize> {
    let line = row.checked_sub(area.y + 1).filter(|_| row < area.bottom())?;
    Some(first(selected, area) + usize::from(line))
}

/// As [`draw`], starting at line `first`.
pub fn draw_from(
    columns: &[Column],
    rows: &[Vec<Cell>],
    (first, selected): (usize, Option<usize>),
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    if area.width < 2 || area.height < 2 {
        return;
    }
    let texts: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|(text, _)| text.clone()).collect()).collect();
    let fitted = fit(columns, &texts, area.width as usize, 2);
    let heading: Vec<Cell> =
        columns.iter().map(|c| (c.head.clone(), theme.faint().add_modifier(Modifier::BOLD))).collect();
    line(columns, &heading, &fitted, area, area.y, buf);
    let lines = area.height as usize - 1;
    let first = first.min(rows.len().saturating_sub(lines));
    for (i, row) in rows.iter().enumerate().skip(first).take(lines) {
        let y = area.y + 1 + (i - first) as u16;
        line(columns, row, &fitted, area, y, buf);
        if selected == Some(i) {
            buf.set_style(Rect { y, height: 1, ..area }, theme.selected());
        }
    }
    hint(rows.len(), first, lines, area, theme, buf);
}

fn line(columns: &[Column], row: &[Cell], fitted: &[(usize, usize)], area: Rect, y: u16, buf: &mut Buffer) {
    let mut x = area.x;
    for (column, room) in fitted {
        let Some((text, style)) = row.get(*column) else { continue };
        let free = area.right().saturating_sub(x) as usize;
        buf.put(x, y, pad(text, *room, columns[*column].right), free, *style);
        x = x.saturating_add(*room as u16 + 2).min(area.right());
    }
}

/// Writes the visible range of lines on the lower border.
fn hint(rows: usize, first: usize, lines: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let below = rows.saturating_sub(first + lines);
    if first == 0 && below == 0 {
        return;
    }
    let text = format!(" {}-{} of {rows} ", first + 1, rows - below);
    let x = area.right().saturating_sub(text.len() as u16 + 1).max(area.x);
    buf.put(x, area.bottom(), text, area.width as usize, theme.faint());
}
