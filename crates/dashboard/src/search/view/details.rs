//! The text beside the images.

use clip_lab_search_protocol::{Item, Miss};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{item, miss, split};
use crate::{
    paint::{paragraph, put},
    search::app::App,
    theme::Theme,
};
use clip_lab_chart::text::{clean, cut, wrap};

/// The most lines of a query above its results.
const QUERY_LINES: usize = 2;

/// Draws the selected query with its text results, or the name of an image at full screen.
pub fn draw(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (_, side) = split(app, area);
    if let Some(miss) = miss(app) {
        for (text, y) in query(miss, side.width).iter().zip(side.top()..side.bottom()) {
            put(text, (side.x, y), theme.heading(), side, buf);
        }
        let area = below(miss, side);
        if is_of_texts(miss) {
            answers(miss, texts(area, app.gallery.on()), theme, buf);
        } else if !app.gallery.on() {
            answers(miss, area, theme, buf);
        }
    } else if let (true, Some(hit)) = (app.enlarged, app.hit()) {
        let title = format!("{}  {:.4}  {}", app.selected + 1, hit.score, clean(&hit.name));
        put(&title, (side.x, side.y), theme.heading(), side, buf);
    }
}

fn is_of_texts(miss: &Miss) -> bool {
    miss.answers.iter().any(|answer| matches!(answer.item, Item::Text(_)))
}

/// The query in at most two lines.
fn query(miss: &Miss, room: u16) -> Vec<String> {
    let mut lines =
        wrap(&format!("right at rank {}: {}", miss.rank, clean(item(&miss.query))), room.max(1).into());
    if lines.len() > QUERY_LINES {
        lines.truncate(QUERY_LINES);
        if let Some(last) = lines.last_mut() {
            *last = cut(last, usize::from(room).saturating_sub(1)) + "…";
        }
    }
    lines
}

/// The area below the query.
pub fn below(miss: &Miss, side: Rect) -> Rect {
    let taken = query(miss, side.width).len() as u16;
    Rect { y: side.y + taken.min(side.height), height: side.height.saturating_sub(taken), ..side }
}

/// The area of text results: below the query image.
pub fn texts(area: Rect, images: bool) -> Rect {
    let high = if images { area.height / 2 } else { 0 };
    Rect { y: area.y + high, height: area.height - high, ..area }
}

/// Draws results as text.
fn answers(miss: &Miss, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut y = area.y;
    for answer in &miss.answers {
        let right = if answer.right { " right" } else { "" };
        let style = if answer.right { theme.good() } else { Style::new() };
        let text = format!("{:>4}  {:.3}{right}  {}", answer.rank, answer.score, item(&answer.item));
        let room = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        if room.height == 0 {
            return;
        }
        y += paragraph(&text, style, Rect { height: room.height.min(2), ..room }, buf);
    }
}
