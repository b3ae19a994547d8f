//! Boxes over the screen: the help, the question before leaving, and what is wrong with the store.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Block, BorderType, Clear, Widget},
};

use super::{
    app::{ANSWERS, App},
    keys::BINDINGS,
    theme::Theme,
};
use crate::text::{cut, pad, width, wrap};

/// An empty box of the given inner size in the middle of `area`; returns its inside.
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

/// The help, from the table of keys.
pub fn help(area: Rect, theme: &Theme, buf: &mut Buffer) {
    let lines: Vec<(&str, &str)> =
        BINDINGS.iter().filter(|b| !b.help.is_empty()).map(|b| (b.keys, b.help)).collect();
    let signs =
        "━ colour of the run on the charts · shaded: smallest to largest value · ✕ not a finite number";
    let wide = lines.iter().map(|(_, help)| width(help) + 7).max().unwrap_or(0).max(width(signs));
    let room = (area.width as usize).saturating_sub(4).min(wide);
    let wrapped: Vec<(&str, String)> = lines
        .iter()
        .flat_map(|(keys, help)| {
            let parts = wrap(help, room.saturating_sub(7).max(1));
            parts
                .into_iter()
                .enumerate()
                .map(|(i, part)| (if i == 0 { *keys } else { "" }, part))
                .collect::<Vec<_>>()
        })
        .collect();
    let signs = wrap(signs, room.max(1));
    let inside = open("Keys", room, wrapped.len() + 1 + signs.len(), area, theme, buf);
    for (y, (keys, help)) in (inside.top()..inside.bottom()).zip(&wrapped) {
        buf.set_stringn(inside.x, y, pad(keys, 6, false), inside.width as usize, theme.strong());
        buf.set_stringn(inside.x + 7, y, help, (inside.width as usize).saturating_sub(7), Style::new());
    }
    let after = inside.y.saturating_add(wrapped.len() as u16 + 1);
    for (y, line) in (after..inside.bottom()).zip(&signs) {
        buf.set_stringn(inside.x, y, line, inside.width as usize, theme.faint());
    }
}

/// "Leave while the run trains?"
pub fn question(marked: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let words = "The run is still training.";
    let inside = open("Leave", 44, ANSWERS.len() + 2, area, theme, buf);
    let room = inside.width as usize;
    buf.set_stringn(inside.x, inside.y, cut(words, room), room, Style::new());
    for ((i, (key, _, answer)), y) in ANSWERS.iter().enumerate().zip(inside.y + 2..inside.bottom()) {
        buf.set_stringn(inside.x, y, format!(" {key}  {answer}"), room, Style::new());
        if i == marked {
            buf.set_style(Rect { y, height: 1, ..inside }, theme.chosen());
        }
    }
}

/// What is wrong with the store, in as many lines as it needs, but less than half of `area`.
pub fn trouble_lines(app: &App, area: Rect) -> Vec<String> {
    let Some(trouble) = app.snapshot.trouble.as_ref().filter(|_| !app.starting()) else { return Vec::new() };
    let mut lines = wrap(trouble, (area.width as usize).saturating_sub(4).max(1));
    lines.truncate((area.height as usize / 2).saturating_sub(1).max(1));
    lines
}

/// Draws [`trouble_lines`].
pub fn trouble(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let lines = trouble_lines(app, buf.area);
    for (y, (i, line)) in (area.top()..area.bottom()).zip(lines.iter().enumerate()) {
        let sign = if i == 0 { " ✗ " } else { "   " };
        buf.set_stringn(area.x, y, format!("{sign}{line}"), area.width as usize, theme.bad());
    }
}
