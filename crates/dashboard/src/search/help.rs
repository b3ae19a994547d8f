//! The help of the search screen.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Clear, Widget},
};

use super::app::App;
use crate::{
    paint::{ascii_border, line},
    theme::Theme,
};

const KEYS: &[(&str, &str)] = &[
    ("letters", "type a query; results follow"),
    ("Up Down", "select an image; q, ?, j and k are then commands"),
    ("PgUp PgDn", "ten lines; Home and End jump to the ends"),
    ("Enter", "show the selected image at full screen, or back"),
    ("Tab", "the nearest neighbours of the selected image, or back"),
    ("/", "back to the prompt, as does any other letter"),
    ("Ctrl-U", "clear the prompt; Ctrl-W deletes a word"),
    ("Esc", "close what is open; twice leaves, as does q in the list"),
    ("F1 ?", "this help; in the prompt ? only while it is empty"),
];
const MISSES_KEYS: &[(&str, &str)] = &[
    ("Up Down", "select a missed query; also j and k"),
    ("PgUp PgDn", "ten lines; Home and End jump to the ends"),
    ("Enter", "show its results at full screen, or back"),
    ("Esc q", "close what is open; q then leaves, Esc when pressed twice"),
    ("F1 ?", "this help"),
];

/// Draws the help over the centre of the screen.
pub fn draw(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let keys = if app.shows_misses() { MISSES_KEYS } else { KEYS };
    let (width, height) = (70.min(area.width), (keys.len() as u16 + 2).min(area.height));
    let place =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(place, buf);
    let block =
        Block::bordered().border_type(BorderType::Rounded).title(" Keys ").border_style(theme.strong());
    let block = if theme.ascii() { block.border_set(ascii_border(false)) } else { block };
    let inside = block.inner(place);
    block.render(place, buf);
    for ((key, text), y) in keys.iter().zip(inside.y..inside.bottom()) {
        let pieces = [(format!(" {key:<10} "), theme.strong()), ((*text).to_owned(), theme.heading())];
        let pieces: Vec<(&str, _)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        line(&pieces, (inside.x, y), inside, buf);
    }
}
