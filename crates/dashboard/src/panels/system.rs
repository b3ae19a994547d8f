//! System statistics over time: CPU, memory and GPU of each run.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    data::panels::{SYSTEM_METRICS, SystemMetric, SystemStats},
    paint::{placeholder, put, run_style, spark},
    theme::Theme,
};
use clip_lab_chart::{figure::number, text::pad};

/// Draws the name of each run, and below it a line per metric.
pub fn draw(all: &[SystemStats], area: Rect, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let recorded: Vec<&SystemStats> = all.iter().filter(|stats| !stats.metrics.is_empty()).collect();
    if recorded.is_empty() {
        let message = "No run here has recorded system statistics. Every run of this version records system/cpu and \
                     system/memory_gib, and on a GPU system/gpu_memory_gib.";
        return placeholder(message, area, theme, buf);
    }
    let mut y = area.y;
    for stats in recorded {
        put(&stats.name, (area.x, y), run_style(stats.colour, theme), area, buf);
        y = y.saturating_add(1);
        for (name, label, share) in SYSTEM_METRICS {
            if let Some(metric) = stats.metrics.iter().find(|metric| metric.name == name) {
                row(metric, label, share, stats.colour, y, area, theme, buf);
                y = y.saturating_add(1);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what to draw, how, and where")]
fn row(
    metric: &SystemMetric,
    label: &str,
    share: bool,
    colour: Option<usize>,
    y: u16,
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let show =
        |value: f64| if share { format!("{:.0}%", value * 100.0) } else { format!("{} GiB", number(value)) };
    let label_room = if area.width >= 60 { 18 } else { 11 };
    let x = put(&format!("  {} ", pad(label, label_room, false)), (area.x, y), theme.faint(), area, buf);
    let text = format!("{:>8}  max {}", show(metric.last), show(metric.max));
    let room = usize::from(area.right().saturating_sub(x)).saturating_sub(text.len() + 1);
    let full = if share { 1.0 } else { metric.max };
    let curve = spark(&metric.values, full, room, theme);
    put(&curve, (x, y), Style::new().fg(theme.series(colour.unwrap_or(0))), area, buf);
    let after = x.saturating_add(room.min(metric.values.len()) as u16).saturating_add(1);
    put(&text, (after, y), Style::new(), area, buf);
}
