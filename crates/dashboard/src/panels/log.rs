//! The console log of a run, if another program started it.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{data::panels::Log, put::Put as _, theme::Theme};
use clip_lab_chart::text::{clean, cut, width};

/// Draws the last lines that fit, scrolled back by `back`.
pub fn draw(log: Option<&Log>, back: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let room = area.width as usize;
    let Some(log) = log else { return };
    if let Some(error) = &log.error {
        buf.put(area.x, area.y, cut(&clean(error), room), room, theme.faint());
        return;
    }
    let newest = log.lines.iter().rev().skip(back).take(area.height as usize);
    for (line, y) in newest.rev().zip(area.y..) {
        let style = if line.starts_with("error") { theme.bad() } else { Style::new() };
        buf.put(area.x, y, cut(line, room), room, style);
    }
    let last = log.lines.len() - back.min(log.lines.len());
    let first = last.saturating_sub(area.height as usize) + 1;
    let of = if log.cut { "the last " } else { "" };
    let text = format!(" {} · lines {first}-{last} of {of}{} ", log.name, log.lines.len());
    if width(&text) < room && !log.lines.is_empty() {
        buf.put(area.right() - width(&text) as u16 - 1, area.bottom(), text, room, theme.faint());
    }
}
