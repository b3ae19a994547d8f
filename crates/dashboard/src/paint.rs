//! Drawing helpers of the panels: clipped text, bars and sparklines.

use ratatui::{buffer::Buffer, layout::Rect, style::Style, symbols::border::Set};

use crate::{put::Put as _, theme::Theme};
use clip_lab_chart::text::{clean, cut, width, wrap};

/// Writes `text` at `(x, y)`, clipped to `area`; returns the column after it.
pub fn put(text: &str, (x, y): (u16, u16), style: Style, area: Rect, buf: &mut Buffer) -> u16 {
    let area = area.intersection(buf.area);
    let inside = (area.top()..area.bottom()).contains(&y) && (area.left()..area.right()).contains(&x);
    if !inside {
        return x;
    }
    let room = usize::from(area.right() - x);
    let text = cut(&clean(text), room);
    buf.put(x, y, &text, room, style);
    (x + width(&text) as u16).min(area.right())
}

/// Writes pieces of text one after another; returns the column after the last.
pub fn line(pieces: &[(&str, Style)], at: (u16, u16), area: Rect, buf: &mut Buffer) -> u16 {
    pieces.iter().fold(at.0, |x, (text, style)| put(text, (x, at.1), *style, area, buf))
}

/// Writes why there is nothing to show, wrapped.
pub fn placeholder(text: &str, area: Rect, theme: &Theme, buf: &mut Buffer) {
    paragraph(text, theme.faint(), area, buf);
}

/// Writes wrapped text from the top of `area`; returns the number of lines.
pub fn paragraph(text: &str, style: Style, area: Rect, buf: &mut Buffer) -> u16 {
    let lines = wrap(&clean(text), area.width.max(1).into());
    for (y, line) in (area.top()..area.bottom()).zip(&lines) {
        put(line, (area.x, y), style, area, buf);
    }
    (lines.len() as u16).min(area.height)
}

/// A bar that fills `share` of `columns` cells, to an eighth of a cell.
pub fn bar(share: f64, columns: usize, theme: &Theme) -> String {
    if !share.is_finite() || share <= 0.0 {
        return String::new();
    }
    let eighths = ((share.min(1.0) * columns as f64 * 8.0).round() as usize).max(1);
    if theme.ascii() {
        return "#".repeat(eighths.div_ceil(8));
    }
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + part
}

/// A sparkline of the last `columns` of `values`, from zero to `full`.
pub fn spark(values: &[f64], full: f64, columns: usize, theme: &Theme) -> String {
    let steps: &[char] = if theme.ascii() {
        &['_', '.', ':', '-', '=', '+', '*', '#']
    } else {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    };
    let symbol = |value: &f64| match value {
        v if !v.is_finite() => {
            if theme.ascii() {
                '!'
            } else {
                '✕'
            }
        }
        v => steps[((v / full.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * 7.0).round() as usize],
    };
    values[values.len().saturating_sub(columns)..].iter().map(symbol).collect()
}

/// The style of a run's name.
pub fn run_style(colour: Option<usize>, theme: &Theme) -> Style {
    colour.map_or(theme.heading(), |colour| theme.heading().fg(theme.series(colour)))
}

/// A border of plain ASCII, double or single.
pub fn ascii_border(double: bool) -> Set<'static> {
    let (horizontal, vertical) = if double { ("=", "#") } else { ("-", "|") };
    let corner = if double { "#" } else { "+" };
    Set {
        top_left: corner,
        top_right: corner,
        bottom_left: corner,
        bottom_right: corner,
        vertical_left: vertical,
        vertical_right: vertical,
        horizontal_top: horizontal,
        horizontal_bottom: horizontal,
    }
}
