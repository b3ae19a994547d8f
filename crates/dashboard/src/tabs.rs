//! The tabs at the top: the views, each with its key.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{app::App, theme::Theme};
use crate::put::Put as _;
use clip_lab_chart::text::{clean, cut, width};

/// The tabs in `area` as `(view, place, text)`: with names if all fit, else only the current view has its name.
pub fn tabs(app: &App, area: Rect) -> Vec<(usize, Rect, String)> {
    let full = |i: usize, title: &str| format!("{} {}", i + 1, clean(title));
    let names = app.layout.views.iter().enumerate().map(|(i, view)| full(i, &view.title));
    let mut texts: Vec<String> = names.collect();
    let gap = |texts: &[String], gap: usize| texts.iter().map(|text| width(text) + gap).sum::<usize>();
    let room = area.width as usize;
    if gap(&texts, 1) > room {
        for (i, text) in texts.iter_mut().enumerate().filter(|(i, _)| *i != app.view) {
            *text = (i + 1).to_string();
        }
    }
    let between = if gap(&texts, 3) <= room { 3 } else { 1 + u16::from(gap(&texts, 2) <= room) };
    let mut x = area.x + 1;
    let mut placed = Vec::new();
    for (i, text) in texts.into_iter().enumerate() {
        let text = cut(&text, area.right().saturating_sub(x) as usize);
        let wide = width(&text) as u16;
        placed.push((i, Rect { x, width: wide, ..area }, text));
        x = (x + wide + between).min(area.right());
    }
    placed
}

/// Draws the tabs; the current view is highlighted.
pub fn draw(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    for (view, place, text) in tabs(app, area) {
        let style = if view == app.view { theme.selected() } else { theme.faint() };
        buf.put(place.x, place.y, text, place.width as usize, style);
    }
}
