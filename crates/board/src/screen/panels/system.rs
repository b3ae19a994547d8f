//! System statistics over time: CPU, memory and GPU of each run.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    data::{Load, Meter},
    paint::{put, run_style, say, spark},
};
use crate::{figure::number, screen::theme::Theme, text::pad};

/// A metric, its label, and whether it is a share.
const METERS: [(&str, &str, bool); 4] = [
    ("system/cpu", "CPU", true),
    ("system/memory_gib", "memory", false),
    ("system/gpu_utilization", "GPU", true),
    ("system/gpu_memory_gib", "GPU memory", false),
];

/// The metrics that this panel shows.
pub fn metrics() -> impl Iterator<Item = &'static str> {
    METERS.iter().map(|(metric, ..)| *metric)
}

/// Draws the name of each run, and below it a line per metric.
pub fn draw(all: &[Load], area: Rect, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let known: Vec<&Load> = all.iter().filter(|load| !load.meters.is_empty()).collect();
    if known.is_empty() {
        let words = "No run here has recorded system statistics. Every run of this version records system/cpu and \
                     system/memory_gib, and on a GPU system/gpu_memory_gib.";
        return say(words, area, theme, buf);
    }
    let mut y = area.y;
    for load in known {
        put(&load.name, (area.x, y), run_style(load.colour, theme), area, buf);
        y = y.saturating_add(1);
        for (metric, name, share) in METERS {
            if let Some(meter) = load.meters.iter().find(|meter| meter.metric == metric) {
                row(meter, name, share, load.colour, y, area, theme, buf);
                y = y.saturating_add(1);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what to draw, how, and where")]
fn row(
    meter: &Meter,
    name: &str,
    share: bool,
    colour: Option<usize>,
    y: u16,
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let show =
        |value: f64| if share { format!("{:.0}%", value * 100.0) } else { format!("{} GiB", number(value)) };
    let name_room = if area.width >= 60 { 18 } else { 11 };
    let x = put(&format!("  {} ", pad(name, name_room, false)), (area.x, y), theme.faint(), area, buf);
    let words = format!("{:>8}  max {}", show(meter.last), show(meter.max));
    let room = usize::from(area.right().saturating_sub(x)).saturating_sub(words.len() + 1);
    let full = if share { 1.0 } else { meter.max };
    let curve = spark(&meter.values, full, room, theme);
    put(&curve, (x, y), Style::new().fg(theme.series(colour.unwrap_or(0))), area, buf);
    let after = x.saturating_add(room.min(meter.values.len()) as u16).saturating_add(1);
    put(&words, (after, y), Style::new(), area, buf);
}
