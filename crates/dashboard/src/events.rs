//! The events panel, newest at the bottom.

use clip_lab_store::Level;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{app::App, data::Event, theme::Theme};
use crate::put::Put as _;
use clip_lab_chart::{
    figure::span,
    text::{clean, cut, pad, width},
};

/// The events of at least the minimum severity, oldest first.
pub fn shown(app: &App) -> Vec<&Event> {
    app.snapshot.events.iter().filter(|event| rank(event.row.level) >= rank(app.severity)).collect()
}

fn rank(level: Level) -> u8 {
    match level {
        Level::Info => 0,
        Level::Warning => 1,
        Level::Error => 2,
    }
}

/// Draws the last events that fit, scrolled back by `back` lines; `now` is in milliseconds since 1970.
pub fn draw(app: &App, now: i64, back: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let events = shown(app);
    if events.is_empty() {
        let message = match app.severity {
            Level::Info => "no events yet: checkpoints, evaluations and warnings appear here",
            Level::Warning => "no warnings or errors",
            Level::Error => "no errors",
        };
        buf.put(area.x, area.y, message, area.width as usize, theme.faint());
        return;
    }
    hint(app, events.len(), back, area, theme, buf);
    let many = app.snapshot.runs.len() > 1;
    let newest = events.iter().rev().skip(back).take(area.height as usize);
    for (event, y) in newest.rev().zip(area.y..) {
        let (symbol, style) = match event.row.level {
            Level::Info => ("·", theme.faint()),
            Level::Warning => ("!", theme.warning()),
            Level::Error => ("✗", theme.bad()),
        };
        let age = span((now - event.row.at_ms).max(0) as f64 / 1000.0);
        let run = if many { format!("{} ", cut(&event.run, 14)) } else { String::new() };
        let step = event.row.step.map_or(String::new(), |step| format!("@{step} "));
        let line = format!("{run}{step}{}: {}", clean(&event.row.kind), clean(&event.row.text));
        let room = area.width as usize;
        buf.put(area.x, y, pad(&age, 7, true), room, theme.faint());
        buf.put(area.x + 8, y, symbol, room.saturating_sub(8), style);
        buf.put(
            area.x + 10,
            y,
            cut(&line, room.saturating_sub(10)),
            room.saturating_sub(10),
            style_of(event.row.level, theme),
        );
    }
}

/// Writes the severity filter and the visible range on the lower border.
fn hint(app: &App, all: usize, back: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut parts = Vec::new();
    parts.extend(match app.severity {
        Level::Info => None,
        Level::Warning => Some("warnings and errors".to_string()),
        Level::Error => Some("errors".to_string()),
    });
    let last = all - back;
    let first = last.saturating_sub(area.height.into()) + 1;
    parts.extend((first > 1 || back > 0).then(|| format!("{first}-{last} of {all}")));
    if parts.is_empty() || area.width < 30 {
        return;
    }
    let text = format!(" {} ", parts.join(" · "));
    let x = area.right().saturating_sub(width(&text) as u16 + 1).max(area.x);
    buf.put(x, area.bottom(), text, area.width as usize, theme.faint());
}

fn style_of(level: Level, theme: &Theme) -> ratatui::style::Style {
    match level {
        Level::Info => ratatui::style::Style::new(),
        Level::Warning => theme.warning(),
        Level::Error => theme.bad(),
    }
}
