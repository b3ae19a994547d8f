//! The axes of a plot, with ticks and their labels.

use ratatui::{buffer::Buffer, layout::Rect};

use crate::{put::Put as _, theme::Theme};
use clip_lab_chart::{
    figure::{Figure, Tick},
    text::{pad, width},
};

/// Draws the vertical axis; `x` is the left end of the tick labels.
pub fn vertical(figure: &Figure, ticks: &[Tick], x: u16, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let axis = inside.x - 1;
    for row in inside.top()..inside.bottom() {
        buf.put_all(axis, row, "│", theme.faint());
    }
    for tick in ticks {
        let place = figure.y.scale.place(tick.at);
        if !(-1e-6..=1.0 + 1e-6).contains(&place) {
            continue;
        }
        let row = inside.bottom() - 1 - (place * f64::from(inside.height - 1)).round() as u16;
        buf.put_all(x, row, pad(&tick.label, (axis - x) as usize, true), theme.faint());
        buf.put_all(axis, row, "┤", theme.faint());
    }
}

/// Draws the horizontal axis with its title.
pub fn horizontal(figure: &Figure, area: Rect, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let line = inside.bottom();
    buf.put_all(inside.x - 1, line, "└", theme.faint());
    buf.put_all(inside.x, line, "─".repeat(inside.width as usize), theme.faint());
    let title = &figure.x.title;
    let title_at = area.right().saturating_sub(width(title) as u16);
    let mut free = area.x;
    for tick in figure.x.ticks((inside.width as usize / 12).clamp(1, 10)) {
        let place = figure.x.scale.place(tick.at);
        if !(-1e-6..=1.0 + 1e-6).contains(&place) {
            continue;
        }
        let column = inside.x + (place * f64::from(inside.width - 1)).round() as u16;
        let wide = width(&tick.label) as u16;
        let start = column.saturating_sub(wide / 2).max(area.x).min(area.right().saturating_sub(wide));
        buf.put_all(column, line, "┴", theme.faint());
        if start >= free && start + wide < title_at {
            buf.put_all(start, line + 1, &tick.label, theme.faint());
            free = start + wide + 1;
        }
    }
    if title_at > area.x {
        buf.put_all(title_at, line + 1, title, theme.faint());
    }
}
