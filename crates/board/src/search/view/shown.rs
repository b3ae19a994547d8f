//! The images on the screen.

use clip_lab_search::{Hit, Item, Judged, Miss};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Widget},
};

use super::{
    beside::{below, texts},
    grid::{LEAST, grid, room},
    miss, split,
};
use crate::{
    screen::{
        panels::paint::{ascii_border, put},
        theme::Theme,
    },
    search::app::App,
    text::cut,
};

/// Pixels of an image in the grid, and of one at full screen.
const SMALL: u32 = 256;
const LARGE: u32 = 1024;

/// An image with its area on the screen.
pub struct Shown {
    /// Its number and size.
    pub picture: usize,
    pub side: u32,
    place: Rect,
    label: String,
    chosen: bool,
    right: bool,
}

/// All images with their areas.
pub fn shown(app: &App, area: Rect) -> Vec<Shown> {
    let (_, side) = split(app, area);
    if !app.gallery.on() || side.width < LEAST.0 || side.height < LEAST.1 {
        return Vec::new();
    }
    if let Some(miss) = miss(app) {
        return of_miss(miss, below(miss, side), app.large);
    }
    let Some(found) = &app.found else { return Vec::new() };
    if app.large {
        let place = Rect { y: side.y + 1, height: side.height - 1, ..side };
        let large = |hit: &Hit| Shown {
            picture: hit.picture,
            place,
            label: String::new(),
            chosen: false,
            right: false,
            side: LARGE,
        };
        return app.hit().map(large).into_iter().collect();
    }
    let all = found.hits.len();
    let page = room(side).min(all).max(1);
    let start = app.selected / page * page;
    let places = grid(page, side);
    let hits = found.hits.iter().enumerate().skip(start).zip(places);
    hits.map(|((nth, hit), place)| Shown {
        picture: hit.picture,
        place,
        label: format!("{} {:.3}", nth + 1, hit.score),
        chosen: nth == app.selected,
        right: false,
        side: SMALL,
    })
    .collect()
}

fn of_miss(miss: &Miss, area: Rect, large: bool) -> Vec<Shown> {
    let side = if large { LARGE / 2 } else { SMALL };
    let of = |item: &Item, place, label: String, right| match item {
        Item::Picture { picture, .. } => {
            Some(Shown { picture: *picture, place, label, chosen: false, right, side })
        }
        Item::Text(_) => None,
    };
    let mut all = Vec::new();
    let query = Rect { height: area.height - texts(area, true).height, ..area };
    all.extend(of(&miss.query, query, "query".to_owned(), false));
    let mut kept: Vec<&Judged> = miss.answers.iter().take(room(area)).collect();
    // The right result is always shown, in place of the last one if needed.
    let right = miss.answers.iter().find(|answer| answer.right);
    if let (Some(last), Some(right)) = (kept.last_mut(), right)
        && last.rank < right.rank
    {
        *last = right;
    }
    let label = |answer: &Judged| format!("{} {:.3}", answer.rank, answer.score);
    let places = grid(kept.len(), area);
    all.extend(
        kept.into_iter()
            .zip(places)
            .filter_map(|(answer, place)| of(&answer.item, place, label(answer), answer.right)),
    );
    all
}

/// Draws an image in its border; only the border until it is loaded.
pub fn draw(app: &App, shown: &Shown, theme: &Theme, buf: &mut Buffer) {
    let place = shown.place.intersection(buf.area);
    if place.width < 4 || place.height < 3 {
        return;
    }
    let inside = if shown.side == LARGE && shown.label.is_empty() {
        place
    } else {
        let style = match (shown.right, shown.chosen) {
            (true, _) => theme.good(),
            (_, true) => theme.strong(),
            _ => theme.faint(),
        };
        let heavy = shown.right || shown.chosen;
        let border = if heavy { BorderType::Double } else { BorderType::Rounded };
        let block = Block::bordered().border_type(border).border_style(style);
        let block = if theme.ascii() { block.border_set(ascii_border(heavy)) } else { block };
        let inside = block.inner(place);
        block.render(place, buf);
        let right = if shown.right { " right" } else { "" };
        let label = cut(&format!(" {}{right} ", shown.label), usize::from(place.width - 2));
        put(&label, (place.x + 1, place.bottom() - 1), style, place, buf);
        inside
    };
    if let Some((digest, jpeg)) = app.thumbs.get(shown.picture, shown.side) {
        app.gallery.draw(digest, jpeg, inside, buf);
    }
}
