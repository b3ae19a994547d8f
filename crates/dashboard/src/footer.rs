//! The bottom line: the active keys, the command line, or a message.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    app::{App, CommandLine, Mode},
    keys::{BINDINGS, command::completions},
    theme::Theme,
};
use crate::put::Put as _;
use clip_lab_chart::text::{clean, cut, width};

/// Draws the line.
pub fn draw(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    match (&app.mode, &app.message) {
        (Mode::Command(line), _) => command(app, line, theme, area, buf),
        (_, Some(message)) => {
            let (symbol, style) = if message.ok { ("✓", theme.good()) } else { ("✗", theme.bad()) };
            let room = area.width.saturating_sub(1) as usize;
            let text = cut(&format!("{symbol} {}", clean(&message.text)), room);
            buf.put(area.x + 1, area.y, text, room, style);
        }
        _ => keys(app, theme, area, buf),
    }
}

/// Draws keys with their labels, as many as fit; neighbours with the same label are merged.
fn keys(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let on = app.panels().nth(app.focus).map(|panel| panel.kind);
    let mut shown: Vec<(String, &str)> = Vec::new();
    for (i, binding) in BINDINGS.iter().enumerate() {
        let keys = app.keys.text(i, 1);
        match shown.last_mut() {
            _ if binding.label.is_empty() || keys.is_empty() || !binding.is_active(on) => {}
            Some((before, label)) if *label == binding.label => before.push_str(&keys),
            _ => shown.push((keys, binding.label)),
        }
    }
    let mut at = area.x + 1;
    for (keys, label) in shown {
        let wide = (width(&keys) + 1 + width(label)) as u16;
        if at + wide > area.right() {
            return;
        }
        buf.put_all(at, area.y, &keys, theme.strong());
        buf.put_all(at + width(&keys) as u16 + 1, area.y, label, theme.faint());
        at += wide + 2;
    }
}

/// Draws the command line, followed by its completions.
fn command(app: &App, line: &CommandLine, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let room = area.width.saturating_sub(1) as usize;
    // The cursor is at the end: text that does not fit is cut at the front.
    let text: String = clean(&line.text);
    let skip = (width(&text) + 2).saturating_sub(room);
    let text: String = format!(":{}▏", text.chars().skip(skip).collect::<String>());
    buf.put(area.x + 1, area.y, &text, room, Style::new());
    let at = width(&text) + 3;
    let completions = completions(app, &line.text);
    let names = completions.iter().map(|one| one.rsplit_once(' ').filter(|(_, end)| !end.is_empty()));
    let names: Vec<&str> =
        names.zip(&completions).map(|(end, one)| end.map_or(one.trim(), |(_, end)| end)).collect();
    let left = room.saturating_sub(at);
    if left > 4 && completions.iter().any(|one| one.trim() != line.text.trim()) {
        let names = cut(&names.join("  "), left);
        buf.put(area.x + 1 + at as u16, area.y, names, left, theme.faint());
    }
}
