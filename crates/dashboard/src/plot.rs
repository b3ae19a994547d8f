//! The plot widget: a [`Figure`] in braille, with bands, marks and direct labels.
//!
//! `ratatui::widgets::Chart` draws NaN as a line to the top and has neither log axes nor bands.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{canvas::Canvas, theme::Theme};
use crate::put::Put as _;
use clip_lab_chart::{
    figure::{Figure, Series, Tick, number, spread},
    text::{cut, pad, width},
};

/// What a plot highlights.
#[derive(Debug, Clone, Copy, Default)]
pub struct Highlight {
    /// The series of this colour are drawn in front.
    pub front: Option<usize>,
    /// The cursor's position, in units of the horizontal axis.
    pub cursor: Option<f64>,
}

impl From<Option<usize>> for Highlight {
    fn from(front: Option<usize>) -> Highlight {
        Highlight { front, cursor: None }
    }
}

/// Draws `figure` into `area`; `highlight` may be just the colour in front.
pub fn draw(figure: &Figure, area: Rect, highlight: impl Into<Highlight>, theme: &Theme, buf: &mut Buffer) {
    let highlight = highlight.into();
    let front = highlight.front.filter(|front| figure.series.iter().any(|series| series.colour == *front));
    let highlight = Highlight { front, ..highlight };
    let area = area.intersection(buf.area);
    if area.width < 8 || area.height < 3 {
        return;
    }
    let ticks = figure.y.ticks((area.height as usize / 3).clamp(2, 8));
    let left = ticks.iter().map(|tick| width(&tick.label)).max().unwrap_or(1).min(area.width as usize / 3)
        as u16
        + 1;
    let right = gutter(figure, area.width, theme);
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
    // Many overlapping bands are unreadable.
    let few = order.iter().filter(|series| !series.thin).count() <= 3;
    for series in order.iter().filter(|s| few || s.n > 1 || Some(s.colour) == front) {
        canvas.band(figure, series);
    }
    for series in &order {
        canvas.line(figure, series, theme);
    }
    canvas.paint(front, theme, buf);
    for series in &order {
        marks(figure, series, inside, theme, buf);
    }
    beyond(figure, inside, theme, buf);
    let cursor = highlight.cursor.filter(|x| (-1e-6..=1.0 + 1e-6).contains(&figure.x.scale.place(*x)));
    if let Some(x) = cursor {
        cursor_line(figure, x, area, inside, theme, buf);
    }
    labels(figure, inside, right, Highlight { cursor, ..highlight }, theme, buf);
}

/// Columns reserved on the right for the labels.
fn gutter(figure: &Figure, room: u16, theme: &Theme) -> u16 {
    let wide = |s: &Series| width(&label(s, s.last)) + width(&theme.sample(s.colour, s.dash));
    let longest = figure.series.iter().filter(|s| s.last.is_some()).map(wide).max();
    match longest {
        Some(longest) if room >= 36 => {
            (longest as u16 + 2).min(if room < 80 { room * 2 / 5 } else { room * 3 / 10 })
        }
        _ => 0,
    }
}

fn label(series: &Series, value: Option<f64>) -> String {
    let value = value.map(number).unwrap_or_default();
    if series.name.is_empty() { value } else { format!("{} {value}", series.name) }
}

/// The series in drawing order, the front one last.
fn order(figure: &Figure, front: Option<usize>) -> Vec<&Series> {
    let (above, below): (Vec<&Series>, Vec<&Series>) =
        figure.series.iter().partition(|s| Some(s.colour) == front);
    below.into_iter().chain(above).collect()
}

fn vertical(figure: &Figure, ticks: &[Tick], x: u16, inside: Rect, theme: &Theme, buf: &mut Buffer) {
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

fn horizontal(figure: &Figure, area: Rect, inside: Rect, theme: &Theme, buf: &mut Buffer) {
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

/// Marks NaN and infinities on the frame, and changes in the number of runs on the axis.
fn marks(figure: &Figure, series: &Series, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    for (x, _) in &series.changes {
        let place = figure.x.scale.place(*x);
        if (-1e-6..=1.0 + 1e-6).contains(&place) {
            let column = inside.x + (place * f64::from(inside.width - 1)).round() as u16;
            buf.put_all(column, inside.bottom(), "╫", Style::new().fg(theme.series(series.colour)));
        }
    }
    for (x, bad) in &series.bad {
        let place = figure.x.scale.place(*x);
        if !(-1e-6..=1.0 + 1e-6).contains(&place) {
            continue;
        }
        let column = inside.x + (place * f64::from(inside.width - 1)).round() as u16;
        let row = if bad.sign() == "▲" { inside.y } else { inside.bottom() - 1 };
        buf.put_all(column, row, bad.sign(), theme.bad());
    }
}

/// Writes how many values lie above and below the frame.
fn beyond(figure: &Figure, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let (above, below) = figure.beyond;
    for (count, sign, row) in [(above, '▴', inside.y), (below, '▾', inside.bottom() - 1)] {
        let text = format!("{sign}{count}");
        if count > 0 && width(&text) < inside.width as usize {
            buf.put_all(inside.right() - width(&text) as u16, row, text, theme.warning());
        }
    }
}

/// Draws the cursor as a vertical line, with its value on the axis.
fn cursor_line(figure: &Figure, x: f64, area: Rect, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let place = figure.x.scale.place(x).clamp(0.0, 1.0);
    let column = inside.x + (place * f64::from(inside.width - 1)).round() as u16;
    for row in inside.top()..inside.bottom() {
        if let Some(cell) = buf.cell_mut((column, row)).filter(|cell| cell.symbol() == " ") {
            cell.set_char('┊').set_style(theme.strong());
        }
    }
    let text = figure.x.text(x);
    let wide = width(&text) as u16;
    let start = column.saturating_sub(wide / 2).max(area.x).min(area.right().saturating_sub(wide));
    buf.put(start, inside.bottom() + 1, text, area.width as usize, theme.selected());
}

/// Writes names and values beside the line ends, spread so that they do not overlap. With a cursor, the values at it.
fn labels(figure: &Figure, inside: Rect, right: u16, highlight: Highlight, theme: &Theme, buf: &mut Buffer) {
    if right < 3 {
        return;
    }
    let named: Vec<(&Series, f64, Option<f64>)> = figure
        .series
        .iter()
        .filter(|series| !series.thin)
        .filter_map(|series| match highlight.cursor {
            Some(x) => series.at(x).map(|y| (series, y, Some(y))),
            None => series.end().map(|(_, y)| (series, y, series.last)),
        })
        .collect();
    let high = f64::from(inside.height);
    let row = |y: f64| (1.0 - figure.y.scale.place(y).clamp(0.0, 1.0)) * (high - 1.0) + 0.5;
    let wanted: Vec<f64> = named.iter().map(|(_, y, _)| row(*y)).collect();
    for ((series, _, value), place) in named.iter().zip(spread(&wanted, 1.0, 0.0, high)) {
        let Some(place) = place else { continue };
        let row = inside.y + ((place - 0.5).round().max(0.0) as u16).min(inside.height - 1);
        let style = Style::new()
            .fg(theme.series(series.colour))
            .add_modifier(theme.weight(series.colour, highlight.front));
        let sample = theme.sample(series.colour, series.dash);
        let room = (right as usize - 1).saturating_sub(width(&sample));
        let text = format!("{sample}{}", shortened(series, *value, room));
        buf.put(inside.right() + 1, row, text, right as usize - 1, style);
    }
}

/// The label in `room` columns: cuts the name, not the value.
fn shortened(series: &Series, value: Option<f64>, room: usize) -> String {
    let whole = label(series, value);
    let value = value.map(number).unwrap_or_default();
    if width(&whole) <= room || width(&value) + 4 > room {
        return cut(&whole, room);
    }
    format!("{} {value}", both(&series.name, room - width(&value) - 1))
}

/// A name in `room` columns; both the metric and the run or group keep their start.
fn both(name: &str, room: usize) -> String {
    match name.split_once(' ') {
        Some((metric, of)) if room >= 7 && width(name) > room => {
            let half = (room - 1) / 2;
            let first = cut(metric, (room - 1).saturating_sub(width(of)).max(half));
            format!("{first} {}", cut(of, room - 1 - width(&first)))
        }
        _ => cut(name, room),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_name_still_tells_metric_and_group() {
        assert_eq!(both("classification vit", 20), "classification vit");
        assert_eq!(both("classification vit", 12), "classif… vit");
        assert_eq!(both("classification lit-mean", 13), "class… lit-m…");
        assert_eq!(both("t2i a-very-long-group", 13), "t2i a-very-l…");
        assert_eq!(both("a-long-name-alone", 8), "a-long-…");
    }
}
