//! Dialogs over the screen: help, metric list, questions, and store errors.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Block, BorderType, Clear, Widget},
};

use super::{
    app::{App, Entry, Help, Picker, Question},
    theme::Theme,
};
use crate::put::Put as _;
use clip_lab_chart::{
    figure::number,
    text::{clean, cut, pad, width, wrap},
};

/// Draws an empty box of the given inner size in the centre of `area`; returns its inner area.
fn open(title: &str, wide: usize, high: usize, area: Rect, theme: &Theme, buf: &mut Buffer) -> Rect {
    let width = (wide as u16 + 4).min(area.width);
    let height = (high as u16 + 2).min(area.height);
    let rect =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(rect, buf);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.strong())
        .title(format!(" {title} "))
        .title_style(theme.heading());
    let inside = block.inner(rect);
    block.render(rect, buf);
    Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside }
}

/// Draws the help: the search text and the matching bindings.
pub fn help(app: &App, help: &Help, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let entries = app.entries(&help.search);
    let all = app.entries("");
    let widest = |of: fn(&Entry) -> &str| all.iter().map(|entry| width(of(entry))).max().unwrap_or(0);
    let (keys, command) = (widest(|e| &e.keys).min(14), widest(|e| &e.command).min(18));
    let wide = keys + command + 4 + widest(|e| e.help);
    let inside = open("Help", wide, all.len() + 2, area, theme, buf);
    let room = inside.width as usize;
    let typed = match help.search.as_str() {
        "" => "type to search, Enter runs the marked line, Esc closes".to_string(),
        search => format!("/{search}▏{}", if entries.is_empty() { "  nothing found" } else { "" }),
    };
    buf.put(inside.x, inside.y, cut(&typed, room), room, theme.faint());
    // Narrow windows drop the command, not the help text.
    let command = if room >= keys + command + 30 { command } else { 0 };
    let after = keys + 2 + if command > 0 { command + 2 } else { 0 };
    // The marked line's help text in full, where one is truncated.
    let full = |entry: &Entry| wrap(entry.help, room);
    let truncated = all.iter().filter(|entry| width(entry.help) + after > room);
    let lines = truncated.map(|entry| full(entry).len()).max().unwrap_or(0).min(inside.height as usize / 3);
    let list = inside.y + 2 + lines as u16;
    let marked = entries.get(help.marked).filter(|_| lines > 0).map(full).unwrap_or_default();
    for (y, line) in (inside.y + 1..list.saturating_sub(1)).zip(&marked) {
        buf.put(inside.x, y, line, room, Style::new());
    }
    let high = usize::from(inside.bottom().saturating_sub(list)).max(1);
    let first = (help.marked + 1).saturating_sub(high);
    for (y, (i, entry)) in (list..inside.bottom()).zip(entries.iter().enumerate().skip(first)) {
        buf.put(inside.x, y, pad(&entry.keys, keys, false), room, theme.strong());
        if command > 0 {
            let at = inside.x + keys as u16 + 2;
            buf.put(at, y, pad(&entry.command, command, false), room - keys - 2, theme.faint());
        }
        let left = room.saturating_sub(after);
        if left > 0 {
            buf.put(inside.x + after as u16, y, cut(entry.help, left), left, Style::new());
        }
        if i == help.marked {
            buf.set_style(Rect { y, height: 1, ..inside }, theme.selected());
        }
    }
}

/// Draws the metric list: the search text and the matching metrics.
pub fn metrics(app: &App, picker: &Picker, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (found, all) = (app.metrics(&picker.search), app.metrics(""));
    let names = all.iter().map(|metric| width(&clean(&metric.name))).max().unwrap_or(0).clamp(20, 60);
    let inside = open("Add a chart of any metric", names + 34, all.len() + 2, area, theme, buf);
    let room = inside.width as usize;
    let typed = match (picker.search.as_str(), found.is_empty()) {
        ("", true) => "no run has recorded a metric yet; Esc closes".to_string(),
        ("", false) => "type to search, Enter adds a chart or removes an added one, Esc closes".to_string(),
        (search, empty) => format!("/{}▏{}", clean(search), if empty { "  nothing found" } else { "" }),
    };
    buf.put(inside.x, inside.y, cut(&typed, room), room, theme.faint());
    let high = usize::from(inside.height.saturating_sub(2)).max(1);
    let first = (picker.marked + 1).saturating_sub(high);
    for (y, (i, metric)) in (inside.y + 2..inside.bottom()).zip(found.iter().enumerate().skip(first)) {
        let shown = if metric.panel.is_some() { "shown" } else { "" };
        let runs = format!("{} {}", metric.runs, if metric.runs == 1 { "run" } else { "runs" });
        let last = metric.last.map_or(String::new(), number);
        let right = format!("{}  {}  {}", pad(&runs, 8, true), pad(&last, 10, true), pad(shown, 5, false));
        buf.put(inside.x, y, cut(&clean(&metric.name), room), room, Style::new());
        if room > width(&right) + 20 {
            let at = inside.right() - width(&right) as u16;
            buf.put(at, y, format!("  {right}"), room, theme.faint());
        }
        if i == picker.marked {
            buf.set_style(Rect { y, height: 1, ..inside }, theme.selected());
        }
    }
}

/// Draws a question with its answers.
pub fn question(question: &Question, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let answers = question.answers.iter().map(|(_, _, label)| width(label) + 5).max().unwrap_or(0);
    let wide = answers.max(44).max(width(&question.text).min(60));
    let text = wrap(&question.text, wide.min(usize::from(area.width.saturating_sub(4)).max(1)));
    let high = question.answers.len() + 1 + text.len();
    let inside = open(question.title, wide, high, area, theme, buf);
    let room = inside.width as usize;
    for (y, line) in (inside.top()..inside.bottom()).zip(&text) {
        buf.put(inside.x, y, cut(line, room), room, Style::new());
    }
    let below = inside.y + text.len() as u16 + 1;
    for ((i, (key, _, answer)), y) in question.answers.iter().enumerate().zip(below..inside.bottom()) {
        buf.put(inside.x, y, cut(&format!(" {key}  {answer}"), room), room, Style::new());
        if i == question.marked {
            buf.set_style(Rect { y, height: 1, ..inside }, theme.selected());
        }
    }
}

/// The store error, wrapped, in less than half the height of `area`.
pub fn error_lines(app: &App, area: Rect) -> Vec<String> {
    let Some(error) = app.snapshot.error.as_ref().filter(|_| !app.starting()) else { return Vec::new() };
    let mut lines = wrap(error, (area.width as usize).saturating_sub(4).max(1));
    lines.truncate((area.height as usize / 2).saturating_sub(1).max(1));
    lines
}

/// Draws [`error_lines`].
pub fn error(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let lines = error_lines(app, buf.area);
    for (y, (i, line)) in (area.top()..area.bottom()).zip(lines.iter().enumerate()) {
        let symbol = if i == 0 { " ✗ " } else { "   " };
        buf.put(area.x, y, format!("{symbol}{line}"), area.width as usize, theme.bad());
    }
}
