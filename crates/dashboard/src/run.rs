//! The overview of one run: status, metrics, settings that differ, environment and checkpoints.

mod sections;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{app::App, data::Run, theme::Theme};
use crate::put::Put as _;
use clip_lab_chart::text::{clean, cut, pad, width, wrap};

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// A heading.
    Heading,
    /// Plain text.
    Plain,
    /// An error.
    Error,
}

/// A line: label, text and kind.
pub type Line = (String, String, LineKind);

/// The fewest columns of the labels.
const LABEL: usize = 14;

/// The run shown: the selected one, else the newest.
fn shown_run(app: &App) -> Option<&Run> {
    app.selected().or(app.snapshot.runs.first())
}

/// All lines, at most `room` columns wide; labels are padded to the width of their section.
pub fn lines(app: &App, room: usize) -> Vec<Line> {
    let Some(run) = shown_run(app) else { return Vec::new() };
    let mut lines = Vec::new();
    for (heading, section) in sections::all(app, run) {
        if section.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push((String::new(), String::new(), LineKind::Plain));
        }
        lines.push((cut(&clean(heading), room), String::new(), LineKind::Heading));
        let widest = section.iter().map(|(label, ..)| width(label)).max().unwrap_or(0);
        let wide = (widest + 2).clamp(LABEL, (room * 2 / 3).max(LABEL));
        lines.extend(section.into_iter().flat_map(|line| wrapped(line, wide, room)));
    }
    lines
}

/// Wraps a line.
fn wrapped((label, text, kind): Line, wide: usize, room: usize) -> Vec<Line> {
    let parts = wrap(&clean(&text), room.saturating_sub(wide).max(8));
    let parts = if parts.is_empty() { vec![String::new()] } else { parts };
    let label = |i: usize| pad(&pad(if i == 0 { &label } else { "" }, wide - 1, false), wide, false);
    parts.into_iter().enumerate().map(|(i, part)| (label(i), part, kind)).collect()
}

/// Draws the overview, starting at line `first`.
pub fn draw(app: &App, first: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let room = area.width as usize;
    let lines = lines(app, room);
    for ((label, text, kind), y) in lines.iter().skip(first).zip(area.top()..area.bottom()) {
        let label_style = if *kind == LineKind::Heading { theme.heading() } else { theme.faint() };
        let style = if *kind == LineKind::Error { theme.bad() } else { Style::new() };
        buf.put(area.x, y, label, room, label_style);
        let wide = width(label).min(room);
        buf.put(area.x + wide as u16, y, cut(text, room - wide), room - wide, style);
    }
    let below = lines.len().saturating_sub(first + area.height as usize);
    if first + below > 0 && area.width > 20 {
        let text = format!(" {}-{} of {} ", first + 1, lines.len() - below, lines.len());
        let x = area.right().saturating_sub(text.len() as u16 + 1);
        buf.put(x, area.bottom(), text, room, theme.faint());
    }
}
