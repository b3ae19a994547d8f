//! The filter of the runs table: its line at the bottom of the screen, and its text on the border of the table.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use crate::{app::App, put::Put as _, theme::Theme};
use clip_lab_chart::{
    filter::HINT,
    text::{clean, cut, width},
};

/// Draws the filter line with its error underlined and explained, else with the number of matching runs.
pub fn draw(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (filter, room) = (&app.table.filter, area.width as usize);
    buf.put(area.x, area.y, " /", room, theme.strong());
    let problem = app.table.problem(&app.snapshot);
    // The cursor is at the end: of a long text, the end is shown.
    let text = clean(&filter.text);
    let visible = room.saturating_sub(24).max(12);
    let skipped = text.char_indices().rev().nth(visible).map_or(0, |(at, c)| at + c.len_utf8());
    let (mut x, wrong) = (area.x + 2, Style::new().add_modifier(Modifier::UNDERLINED).patch(theme.bad()));
    let place = problem.and_then(|problem| problem.place.clone()).unwrap_or(0..0);
    for (at, c) in text.char_indices().filter(|(at, _)| *at >= skipped) {
        let style = if place.contains(&at) { wrong } else { theme.heading() };
        let room = area.right().saturating_sub(x) as usize;
        x = buf.put(x, area.y, c.to_string(), room, style).0;
    }
    let left = area.right().saturating_sub(x) as usize;
    x = buf.put(x, area.y, "▏", left, theme.strong()).0;
    let (message, style) = match problem {
        Some(problem) => (format!("✗ {}{}", problem.message, prefixed(&problem.label)), theme.bad()),
        None if filter.text.is_empty() => (HINT.to_string(), theme.faint()),
        None => (format!("{}  Enter keeps the filter, Esc clears it", counts(app)), theme.faint()),
    };
    let left = (area.right().saturating_sub(x) as usize).saturating_sub(2);
    if left > 0 {
        buf.put(x + 1, area.y, cut(&message, left), left, style);
    }
}

fn prefixed(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(", {label}") }
}

/// "12 of 62 runs".
fn counts(app: &App) -> String {
    let all = app.snapshot.filtered.all.max(app.table.shown.len());
    format!("{} of {all} runs", app.table.shown.len())
}

/// The filter and the order of the table, for the upper border of its panel.
fn filter_and_order(app: &App) -> String {
    let table = &app.table;
    let mut parts = Vec::new();
    if let Some((col, descending)) = &table.sort {
        parts.push(format!("by {} {}", col.name(&table.keys), if *descending { "↓" } else { "↑" }));
    }
    if !table.filter.text.is_empty() {
        parts.push(format!("/ {}", clean(&table.filter.text)));
        parts.push(counts(app));
    } else if app.snapshot.filtered.all > app.snapshot.runs.len() {
        parts.push(format!("newest {} of {}", app.snapshot.runs.len(), app.snapshot.filtered.all));
    }
    if parts.is_empty() { String::new() } else { format!(" {} ", parts.join(" · ")) }
}

/// Writes filter and order on the border of `rect`, right-aligned, if the title leaves room.
pub fn border(app: &App, title: &str, rect: Rect, theme: &Theme, buf: &mut Buffer) {
    let room = (rect.width as usize).saturating_sub(width(title) + 6);
    let text = cut(&filter_and_order(app), room);
    if room >= 8 && !text.is_empty() {
        let x = rect.right().saturating_sub(width(&text) as u16 + 1);
        let wrong = app.table.problem(&app.snapshot).is_some();
        buf.put(x, rect.y, &text, room, if wrong { theme.bad() } else { theme.strong() });
    }
}
