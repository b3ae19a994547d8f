//! The plot widget: a [`Figure`] in braille, with bands, marks and direct labels.
//!
//! Not `ratatui::widgets::Chart`, which draws NaN as a line to the top, knows no logarithmic axis and no band.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{canvas::Canvas, theme::Theme};
use crate::{
    figure::{Figure, Series, Tick, number, spread},
    text::{cut, pad, width},
};

/// Draws `figure` into `area`; the series of colour `front`, if any, lies above the others.
pub fn draw(figure: &Figure, area: Rect, front: Option<usize>, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.width < 8 || area.height < 3 {
        return;
    }
    let ticks = figure.y.ticks((area.height as usize / 3).clamp(2, 8));
    let left = ticks.iter().map(|tick| width(&tick.label)).max().unwrap_or(1).min(area.width as usize / 3)
        as u16
        + 1;
    let right = gutter(figure, area.width);
    let inside = Rect {
        x: area.x + left,
        y: area.y,
        width: area.width.saturating_sub(left + right).max(1),
        height: area.height - 2,
    };
    vertical(figure, &ticks, area.x, inside, theme, buf);
    horizontal(figure, area, inside, theme, buf);
    let mut canvas = Canvas::new(inside);
    let order = order(figure, front);
    // Many bands over each other hide more than they show.
    for series in order.iter().filter(|s| order.len() <= 3 || Some(s.colour) == front) {
        canvas.band(figure, series);
    }
    for series in &order {
        canvas.line(figure, series);
    }
    canvas.paint(theme, buf);
    for series in &order {
        marks(figure, series, inside, theme, buf);
    }
    labels(figure, inside, right, theme, buf);
}

/// Columns kept at the right for the names of the lines.
fn gutter(figure: &Figure, room: u16) -> u16 {
    let longest = figure.series.iter().filter(|s| s.last.is_some()).map(|s| width(&label(s))).max();
    match longest {
        Some(longest) if room >= 36 => {
            (longest as u16 + 2).min(if room < 80 { room * 2 / 5 } else { room * 3 / 10 })
        }
        _ => 0,
    }
}

fn label(series: &Series) -> String {
    let value = series.last.map(number).unwrap_or_default();
    if series.name.is_empty() { value } else { format!("{} {value}", series.name) }
}

/// The series as they are drawn, the one in front last.
fn order(figure: &Figure, front: Option<usize>) -> Vec<&Series> {
    let (above, below): (Vec<&Series>, Vec<&Series>) =
        figure.series.iter().partition(|s| Some(s.colour) == front);
    below.into_iter().chain(above).collect()
}

fn vertical(figure: &Figure, ticks: &[Tick], x: u16, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let axis = inside.x - 1;
    for row in inside.top()..inside.bottom() {
        buf.set_string(axis, row, "│", theme.faint());
    }
    for tick in ticks {
        let place = figure.y.scale.place(tick.at);
        if !(-1e-6..=1.0 + 1e-6).contains(&place) {
            continue;
        }
        let row = inside.bottom() - 1 - (place * f64::from(inside.height - 1)).round() as u16;
        buf.set_string(x, row, pad(&tick.label, (axis - x) as usize, true), theme.faint());
        buf.set_string(axis, row, "┤", theme.faint());
    }
}

fn horizontal(figure: &Figure, area: Rect, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let line = inside.bottom();
    buf.set_string(inside.x - 1, line, "└", theme.faint());
    buf.set_string(inside.x, line, "─".repeat(inside.width as usize), theme.faint());
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
        buf.set_string(column, line, "┴", theme.faint());
        if start >= free && start + wide < title_at {
            buf.set_string(start, line + 1, &tick.label, theme.faint());
            free = start + wide + 1;
        }
    }
    if title_at > area.x {
        buf.set_string(title_at, line + 1, title, theme.faint());
    }
}

/// NaN and infinities stand on the frame where they happened.
fn marks(figure: &Figure, series: &Series, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    for (x, bad) in &series.bad {
        let place = figure.x.scale.place(*x);
        if !(-1e-6..=1.0 + 1e-6).contains(&place) {
            continue;
        }
        let column = inside.x + (place * f64::from(inside.width - 1)).round() as u16;
        let row = if bad.sign() == "▲" { inside.y } else { inside.bottom() - 1 };
        buf.set_string(column, row, bad.sign(), theme.bad());
    }
}

/// Names and last values beside the ends of the lines, pushed apart where they would overlap.
fn labels(figure: &Figure, inside: Rect, right: u16, theme: &Theme, buf: &mut Buffer) {
    if right < 3 {
        return;
    }
    let named: Vec<&Series> = figure.series.iter().filter(|s| s.end().is_some()).collect();
    let high = f64::from(inside.height);
    let wanted: Vec<f64> = named
        .iter()
        .map(|s| {
            (1.0 - figure.y.scale.place(s.end().map_or(0.0, |end| end.1)).clamp(0.0, 1.0)) * (high - 1.0)
                + 0.5
        })
        .collect();
    for (series, place) in named.iter().zip(spread(&wanted, 1.0, 0.0, high)) {
        let Some(place) = place else { continue };
        let row = inside.y + ((place - 0.5).round().max(0.0) as u16).min(inside.height - 1);
        let style = Style::new().fg(theme.series(series.colour));
        buf.set_string(inside.right() + 1, row, shortened(series, right as usize - 1), style);
    }
}

/// The label in `room` columns: where both do not fit, the name is cut and the value stays whole.
fn shortened(series: &Series, room: usize) -> String {
    let whole = label(series);
    let value = series.last.map(number).unwrap_or_default();
    if width(&whole) <= room || width(&value) + 4 > room {
        return cut(&whole, room);
    }
    format!("{} {value}", cut(&series.name, room - width(&value) - 1))
}
