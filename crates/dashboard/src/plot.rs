//! The plot widget: a [`Figure`] in braille, with bands, marks and direct labels.
//!
//! `ratatui::widgets::Chart` draws NaN as a line to the top and has neither log axes nor bands.

mod axes;
mod labels;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{canvas::Canvas, put::Put as _, theme::Theme};
use axes::{horizontal, vertical};
use clip_lab_chart::{
    figure::{Figure, Series},
    text::width,
};
use labels::{gutter, labels};

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

/// The series in drawing order, the front one last.
fn order(figure: &Figure, front: Option<usize>) -> Vec<&Series> {
    let (above, below): (Vec<&Series>, Vec<&Series>) =
        figure.series.iter().partition(|s| Some(s.colour) == front);
    below.into_iter().chain(above).collect()
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
    for (count, symbol, row) in [(above, '▴', inside.y), (below, '▾', inside.bottom() - 1)] {
        let text = format!("{symbol}{count}");
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
