//! The labels beside the line ends.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Highlight;
use crate::{put::Put as _, theme::Theme};
use clip_lab_chart::{
    figure::{Figure, Series, number, place_labels},
    text::{cut, width},
};

/// Columns reserved on the right for the labels.
pub fn gutter(figure: &Figure, room: u16, theme: &Theme) -> u16 {
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

/// Writes names and values beside the line ends, spread so that they do not overlap. With a cursor, the values at it.
pub fn labels(
    figure: &Figure,
    inside: Rect,
    right: u16,
    highlight: Highlight,
    theme: &Theme,
    buf: &mut Buffer,
) {
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
    for ((series, _, value), place) in named.iter().zip(place_labels(&wanted, 1.0, 0.0, high)) {
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
    format!("{} {value}", shortened_name(&series.name, room - width(&value) - 1))
}

/// A name in `room` columns; both the metric and the run or group keep their start.
fn shortened_name(name: &str, room: usize) -> String {
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
    fn a_cut_name_still_identifies_metric_and_group() {
        assert_eq!(shortened_name("classification vit", 20), "classification vit");
        assert_eq!(shortened_name("classification vit", 12), "classif… vit");
        assert_eq!(shortened_name("classification lit-mean", 13), "class… lit-m…");
        assert_eq!(shortened_name("t2i a-very-long-group", 13), "t2i a-very-l…");
        assert_eq!(shortened_name("a-long-name-alone", 8), "a-long-…");
    }
}
