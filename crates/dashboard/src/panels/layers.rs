//! The learning rate of every layer as a bar, from the input of the model to its output.

use clip_lab_store::RunId;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    data::panels::Layers,
    paint::{bar, line, placeholder, put, run_style},
    theme::Theme,
};
use clip_lab_chart::{
    figure::number,
    text::{cut, pad, width},
};

/// Draws the layers of the selected run, or of the first run that has any.
pub fn draw(all: &[Layers], selected: Option<RunId>, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let chosen = all.iter().find(|layers| Some(layers.run) == selected);
    let with = |layers: &&Layers| !layers.rates.is_empty();
    let Some(layers) = chosen.filter(with).or(all.iter().find(with)) else {
        let message = "No run here has per-layer learning rates. The trick `layer_decay` sets and records them: \
                     [[trick]] plugin = \"layer_decay\"";
        return placeholder(message, area, theme, buf);
    };
    if area.height == 0 {
        return;
    }
    heading(layers, area, theme, buf);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    bars(layers, below, theme, buf);
}

fn heading(layers: &Layers, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (min, max) = range(&layers.rates);
    let span = if min > 0.0 && max.is_finite() {
        format!("  {} to {} ({}×)", number(min), number(max), number(max / min))
    } else {
        String::new()
    };
    let style = run_style(layers.colour, theme);
    let step = format!("  step {}", layers.step);
    line(
        &[(&layers.name, style), (&step, theme.faint()), (&span, theme.faint())],
        (area.x, area.y),
        area,
        buf,
    );
}

/// The smallest and the largest of the finite, positive rates.
fn range(rates: &[(String, f64)]) -> (f64, f64) {
    let valid = rates.iter().map(|(_, rate)| *rate).filter(|rate| rate.is_finite() && *rate > 0.0);
    valid.fold((f64::INFINITY, 0.0), |(min, max), rate| (rate.min(min), rate.max(max)))
}

fn bars(layers: &Layers, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let rows = fold(&layers.rates, area.height.into());
    let (_, max) = range(&layers.rates);
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(usize::from(area.width) / 2);
    let numbers = rows.iter().map(|(_, rate)| width(&number(*rate))).max().unwrap_or(0);
    let room = usize::from(area.width).saturating_sub(names + numbers + 2);
    let style = Style::new().fg(theme.series(layers.colour.unwrap_or(0)));
    for (y, (name, rate)) in (area.top()..area.bottom()).zip(&rows) {
        let x = put(&pad(&cut(name, names), names, false), (area.x, y), Style::new(), area, buf);
        let x = put(&format!(" {} ", pad(&number(*rate), numbers, true)), (x, y), theme.faint(), area, buf);
        put(&bar(rate / max, room, theme), (x, y), style, area, buf);
    }
}

/// At most `room` lines: if there are more layers, neighbours share one, with the highest of their rates.
fn fold(rates: &[(String, f64)], room: usize) -> Vec<(String, f64)> {
    let together = rates.len().div_ceil(room.max(1)).max(1);
    let one = |group: &[(String, f64)]| {
        let (first, last) = (&group[0].0, &group[group.len() - 1].0);
        let shared = first.char_indices().zip(last.chars()).take_while(|((_, a), b)| a == b);
        // Whole parts of a name: `stages.0.0 … 0.2` rather than `stages.0.0 … 2`.
        let dot = shared.filter(|((_, c), _)| *c == '.').map(|((i, _), _)| i + 1).last().unwrap_or(0);
        let name = if group.len() == 1 { first.clone() } else { format!("{first} … {}", &last[dot..]) };
        (name, group.iter().map(|(_, rate)| *rate).fold(f64::NAN, f64::max))
    };
    rates.chunks(together).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_line_if_there_is_no_room() {
        let rates: Vec<(String, f64)> = ["stem", "stages.0.0", "stages.0.1", "stages.1.0", "head"]
            .map(String::from)
            .into_iter()
            .zip([1.0, 2.0, 3.0, 4.0, 5.0])
            .collect();
        assert_eq!(fold(&rates, 9).len(), 5);
        let folded = fold(&rates, 3);
        assert_eq!(folded[0], ("stem … stages.0.0".to_string(), 2.0));
        assert_eq!(folded[1], ("stages.0.1 … 1.0".to_string(), 4.0));
        assert_eq!(folded[2], ("head".to_string(), 5.0));
        assert_eq!(fold(&rates, 0).len(), 1);
        assert!(fold(&[], 3).is_empty());
    }
}
