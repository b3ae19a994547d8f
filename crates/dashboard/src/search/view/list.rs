//! The list of results or of missed queries.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::item;
use crate::{paint::put, search::app::App, theme::Theme};
use clip_lab_chart::text::{clean, pad, width};

/// Columns of rank and score before a name.
const NUMBERS: usize = 14;

/// Draws the page of the list that holds the selected line.
pub fn draw(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (head, lines) = match (&app.misses, &app.found) {
        (Some(misses), _) => {
            let line = |miss: &clip_lab_search_protocol::Miss| {
                format!("{:>6}  {}", miss.rank, clean(item(&miss.query)))
            };
            ("  rank  query", misses.worst.iter().map(line).collect::<Vec<_>>())
        }
        (None, Some(found)) => {
            let room = usize::from(area.width).saturating_sub(NUMBERS);
            let line = |(hit, rank): (&clip_lab_search_protocol::Hit, usize)| {
                format!("{rank:>4}  {:>6.4}  {}", hit.score, name(&hit.name, room))
            };
            ("rank   score  image", found.hits.iter().zip(1..).map(line).collect())
        }
        (None, None) => return,
    };
    put(head, (area.x, area.y), theme.faint(), area, buf);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let page = usize::from(below.height.max(1));
    let first = app.selected / page * page;
    for ((nth, line), y) in lines.iter().enumerate().skip(first).zip(below.top()..below.bottom()) {
        let style = if nth == app.selected { theme.selected() } else { Style::new() };
        put(&pad(line, below.width.into(), false), (below.x, y), style, below, buf);
    }
}

/// The name; if it does not fit, its last component.
fn name(name: &str, room: usize) -> String {
    let name = clean(name);
    if width(&name) <= room { name } else { name.rsplit('/').next().unwrap_or_default().to_owned() }
}
