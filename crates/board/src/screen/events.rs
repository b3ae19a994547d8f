//! The events panel: what happened, newest at the bottom.

use clip_lab_store::Level;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{app::App, theme::Theme};
use crate::{
    figure::span,
    text::{clean, cut, pad},
};

/// Draws the last events that fit; `now` is in milliseconds since 1970.
pub fn draw(app: &App, now: i64, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let events = &app.snapshot.events;
    if events.is_empty() {
        let words = "nothing yet: checkpoints, evaluations and warnings appear here";
        buf.set_stringn(area.x, area.y, words, area.width as usize, theme.faint());
        return;
    }
    let many = app.snapshot.runs.len() > 1;
    let newest = events.iter().rev().take(area.height as usize);
    for (event, y) in newest.rev().zip(area.y..) {
        let (sign, style) = match event.row.level {
            Level::Info => ("·", theme.faint()),
            Level::Warning => ("!", theme.doubtful()),
            Level::Error => ("✗", theme.bad()),
        };
        let age = span((now - event.row.at_ms).max(0) as f64 / 1000.0);
        let who = if many { format!("{} ", cut(&event.run, 14)) } else { String::new() };
        let step = event.row.step.map_or(String::new(), |step| format!("@{step} "));
        let words = format!("{who}{step}{}: {}", clean(&event.row.kind), clean(&event.row.text));
        let room = area.width as usize;
        buf.set_stringn(area.x, y, pad(&age, 7, true), room, theme.faint());
        buf.set_stringn(area.x + 8, y, sign, room.saturating_sub(8), style);
        buf.set_stringn(
            area.x + 10,
            y,
            cut(&words, room.saturating_sub(10)),
            room.saturating_sub(10),
            style_of(event.row.level, theme),
        );
    }
}

fn style_of(level: Level, theme: &Theme) -> ratatui::style::Style {
    match level {
        Level::Info => ratatui::style::Style::new(),
        Level::Warning => theme.doubtful(),
        Level::Error => theme.bad(),
    }
}
