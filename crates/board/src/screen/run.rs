//! The overview of one run: how it stands, what makes it different, where it runs, and what it has left behind.

mod sections;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{app::App, data::Run, theme::Theme};
use crate::text::{clean, cut, pad, wrap};

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A heading.
    Heading,
    /// As any text.
    Plain,
    /// What went wrong.
    Bad,
}

/// A line: what it is about, and what there is to say.
pub type Line = (String, String, Look);

/// Columns for what a line is about.
const LABEL: usize = 14;

/// The run it is about: the selected one, else the newest.
fn chosen(app: &App) -> Option<&Run> {
    app.selected().or(app.snapshot.runs.first())
}

/// Everything there is to say, in lines of at most `room` columns.
pub fn lines(app: &App, room: usize) -> Vec<Line> {
    let Some(run) = chosen(app) else { return Vec::new() };
    let mut lines = Vec::new();
    for (heading, said) in sections::all(app, run) {
        if said.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push((String::new(), String::new(), Look::Plain));
        }
        lines.push((heading.to_string(), String::new(), Look::Heading));
        lines.extend(said.into_iter().flat_map(|line| folded(line, room)));
    }
    lines
}

/// A line folded into as many as it needs.
fn folded((label, words, look): Line, room: usize) -> Vec<Line> {
    let wide = label_width(&label, room);
    let parts = wrap(&clean(&words), room.saturating_sub(wide).max(8));
    let parts = if parts.is_empty() { vec![String::new()] } else { parts };
    let label = |i: usize| if i == 0 { label.clone() } else { " ".repeat(wide.saturating_sub(2)) };
    parts.into_iter().enumerate().map(|(i, part)| (label(i), part, look)).collect()
}

/// Long labels, such as those of settings, push what stands behind them to the right.
fn label_width(label: &str, room: usize) -> usize {
    (crate::text::width(label) + 2).clamp(LABEL, (room * 2 / 3).max(LABEL))
}

/// Draws the overview from the line `first` on.
pub fn draw(app: &App, first: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let room = area.width as usize;
    let lines = lines(app, room);
    for ((label, words, look), y) in lines.iter().skip(first).zip(area.top()..area.bottom()) {
        let wide = label_width(label, room);
        let label_style = if *look == Look::Heading { theme.heading() } else { theme.faint() };
        let style = if *look == Look::Bad { theme.bad() } else { Style::new() };
        buf.set_stringn(area.x, y, pad(label, wide.saturating_sub(1), false), room, label_style);
        let left = room.saturating_sub(wide);
        if left > 0 {
            buf.set_stringn(area.x + wide as u16, y, cut(words, left), left, style);
        }
    }
    let below = lines.len().saturating_sub(first + area.height as usize);
    if first + below > 0 && area.width > 20 {
        let text = format!(" {}-{} of {} ", first + 1, lines.len() - below, lines.len());
        let x = area.right().saturating_sub(text.len() as u16 + 1);
        buf.set_stringn(x, area.bottom(), text, room, theme.faint());
    }
}
