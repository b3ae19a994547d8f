//! The images on the screen.

use clip_lab_search_protocol::{Hit, Item, Miss, RankedItem};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Widget},
};

use super::{
    details::{below, texts},
    grid::{MIN_SIZE, capacity, grid},
    miss, split,
};
use crate::{
    paint::{ascii_border, put},
    search::app::App,
    theme::Theme,
};
use clip_lab_chart::text::cut;

/// Pixels of an image in the grid, and of one at full screen.
const GRID_PIXELS: u32 = 256;
const FULL_PIXELS: u32 = 1024;

/// An image with its area on the screen.
pub struct PlacedImage {
    /// Its number and size.
    pub image: usize,
    pub side: u32,
    place: Rect,
    label: String,
    selected: bool,
    right: bool,
}

/// All images with their areas.
pub fn placed(app: &App, area: Rect) -> Vec<PlacedImage> {
    let (_, side) = split(app, area);
    if !app.gallery.on() || side.width < MIN_SIZE.0 || side.height < MIN_SIZE.1 {
        return Vec::new();
    }
    if let Some(miss) = miss(app) {
        return of_miss(miss, below(miss, side), app.enlarged);
    }
    let Some(found) = &app.found else { return Vec::new() };
    if app.enlarged {
        let place = Rect { y: side.y + 1, height: side.height - 1, ..side };
        let large = |hit: &Hit| PlacedImage {
            image: hit.image,
            place,
            label: String::new(),
            selected: false,
            right: false,
            side: FULL_PIXELS,
        };
        return app.hit().map(large).into_iter().collect();
    }
    let all = found.hits.len();
    let page = capacity(side).min(all).max(1);
    let start = app.selected / page * page;
    let places = grid(page, side);
    let hits = found.hits.iter().enumerate().skip(start).zip(places);
    hits.map(|((nth, hit), place)| PlacedImage {
        image: hit.image,
        place,
        label: format!("{} {:.3}", nth + 1, hit.score),
        selected: nth == app.selected,
        right: false,
        side: GRID_PIXELS,
    })
    .collect()
}

fn of_miss(miss: &Miss, area: Rect, large: bool) -> Vec<PlacedImage> {
    let side = if large { FULL_PIXELS / 2 } else { GRID_PIXELS };
    let of = |item: &Item, place, label: String, right| match item {
        Item::Image { image, .. } => {
            Some(PlacedImage { image: *image, place, label, selected: false, right, side })
        }
        Item::Text(_) => None,
    };
    let mut all = Vec::new();
    let query = Rect { height: area.height - texts(area, true).height, ..area };
    all.extend(of(&miss.query, query, "query".to_owned(), false));
    let mut answers: Vec<&RankedItem> = miss.answers.iter().take(capacity(area)).collect();
    // The right result is always shown, in place of the last one if needed.
    let right = miss.answers.iter().find(|answer| answer.right);
    if let (Some(last), Some(right)) = (answers.last_mut(), right)
        && last.rank < right.rank
    {
        *last = right;
    }
    let label = |answer: &RankedItem| format!("{} {:.3}", answer.rank, answer.score);
    let places = grid(answers.len(), area);
    all.extend(
        answers
            .into_iter()
            .zip(places)
            .filter_map(|(answer, place)| of(&answer.item, place, label(answer), answer.right)),
    );
    all
}

/// Draws an image in its border; only the border until it is loaded.
pub fn draw(app: &App, image: &PlacedImage, theme: &Theme, buf: &mut Buffer) {
    let place = image.place.intersection(buf.area);
    if place.width < 4 || place.height < 3 {
        return;
    }
    let inside = if image.side == FULL_PIXELS && image.label.is_empty() {
        place
    } else {
        let style = match (image.right, image.selected) {
            (true, _) => theme.good(),
            (_, true) => theme.strong(),
            _ => theme.faint(),
        };
        let heavy = image.right || image.selected;
        let border = if heavy { BorderType::Double } else { BorderType::Rounded };
        let block = Block::bordered().border_type(border).border_style(style);
        let block = if theme.ascii() { block.border_set(ascii_border(heavy)) } else { block };
        let inside = block.inner(place);
        block.render(place, buf);
        let right = if image.right { " right" } else { "" };
        let label = cut(&format!(" {}{right} ", image.label), usize::from(place.width - 2));
        put(&label, (place.x + 1, place.bottom() - 1), style, place, buf);
        inside
    };
    if let Some((digest, jpeg)) = app.thumbnails.get(image.image, image.side) {
        app.gallery.draw(digest, jpeg, inside, buf);
    }
}
