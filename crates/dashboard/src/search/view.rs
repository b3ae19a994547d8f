//! Draws the search screen: title, prompt, list, images, keys.

mod details;
mod grid;
mod images;
mod list;

use clip_lab_search_protocol::{Item, Miss};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    app::{App, Focus},
    help,
};
use crate::{
    paint::{line, placeholder, put},
    theme::Theme,
};
use clip_lab_chart::text::{clean, width};

/// Lines above the list.
const HEADER_LINES: u16 = 3;

/// The images on the screen, by number and size.
pub fn images_on_screen(app: &App, area: Rect) -> Vec<(usize, u32)> {
    images::placed(app, area).iter().map(|image| (image.image, image.side)).collect()
}

/// Draws everything.
pub fn draw(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.height < 6 || area.width < 20 {
        return placeholder("terminal too small", area, theme, buf);
    }
    header(app, theme, area, buf);
    list::draw(app, theme, split(app, area).0, buf);
    details::draw(app, theme, area, buf);
    images::placed(app, area).iter().for_each(|image| images::draw(app, image, theme, buf));
    keys(app, theme, area, buf);
    if app.help {
        help::draw(app, area, theme, buf);
    }
    if theme.ascii() {
        crate::ascii::plain(buf);
    }
}

/// The areas of the list and the images. Without images the list takes all; so does an image at full screen.
fn split(app: &App, area: Rect) -> (Rect, Rect) {
    let body =
        Rect { y: area.y + HEADER_LINES, height: area.height.saturating_sub(HEADER_LINES + 1), ..area };
    let nothing = Rect { width: 0, ..body };
    if app.enlarged {
        return (nothing, body);
    }
    if !app.gallery.on() && !app.shows_misses() {
        return (body, nothing);
    }
    let list = (area.width * 2 / 5).clamp(20, 56);
    (
        Rect { width: list, ..body },
        Rect { x: body.x + list + 1, width: body.width.saturating_sub(list + 1), ..body },
    )
}

fn header(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let gallery = format!("  {}", clean(&app.ready.gallery));
    line(&[("clip-lab search", theme.heading()), (&gallery, theme.faint())], (area.x, area.y), area, buf);
    let symbol = if theme.ascii() { "> " } else { "› " };
    let y = area.y + 1;
    if let Some(hit) = &app.similar_to {
        let title = format!("nearest to {}", clean(&hit.name));
        line(&[(symbol, theme.strong()), (&title, theme.heading())], (area.x, y), area, buf);
    } else if !app.shows_misses() {
        prompt(app, theme, (symbol, y), area, buf);
    }
    let (text, style) = status(app, theme);
    put(&text, (area.x, area.y + 2), style, area, buf);
}

/// Draws the prompt, scrolled so that the cursor is visible.
fn prompt(app: &App, theme: &Theme, (symbol, y): (&str, u16), area: Rect, buf: &mut Buffer) {
    let x = put(symbol, (area.x, y), theme.strong(), area, buf);
    let room = usize::from(area.right().saturating_sub(x + 1)).max(1);
    let before = width(&clean(app.input.before()));
    // Text that does not fit is cut on the left.
    let (mut hidden, mut text) = (0, clean(app.input.text()));
    while before - hidden.min(before) >= room {
        let first = text.remove(0);
        hidden += width(&first.to_string());
    }
    put(&text, (x, y), Style::new(), area, buf);
    if app.input.text().is_empty() {
        put(" type a query", (x, y), theme.faint(), area, buf);
    }
    if app.focus == Focus::Prompt {
        let at = x + (before - hidden.min(before)) as u16;
        if at < area.right() {
            buf[(at, y)].set_style(theme.selected());
        }
    }
}

fn status(app: &App, theme: &Theme) -> (String, Style) {
    if app.leaving {
        return ("press Esc again to leave".to_string(), theme.warning());
    }
    if let Some(error) = &app.error {
        return (error.clone(), theme.bad());
    }
    if let Some(misses) = &app.misses {
        let moved = if misses.moved > 0 { format!("; {} moved since", misses.moved) } else { String::new() };
        let text = format!(
            "{} on {}, step {}: {} of {} queries missed{moved}",
            misses.direction, misses.split, misses.step, misses.missed, misses.queries
        );
        return (text, if misses.moved > 0 { theme.warning() } else { theme.faint() });
    }
    let dots = if app.waiting() { " ..." } else { "" };
    let text = match &app.found {
        Some(found) => format!(
            "{} of {} images in {:.0} ms ({:.0} embedding, {:.0} searching){dots}",
            found.hits.len(),
            app.ready.images,
            1e3 * (found.embed_seconds + found.search_seconds),
            1e3 * found.embed_seconds,
            1e3 * found.search_seconds
        ),
        None => format!("{} images indexed{dots}", app.ready.images),
    };
    (text, theme.faint())
}

fn keys(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let help = if app.focus == Focus::Prompt && !app.input.text().is_empty() { "F1" } else { "?" };
    let hints: &[(&str, &str)] = match (app.shows_misses(), app.enlarged, app.focus) {
        (_, true, _) => &[("Esc", "back"), ("Up Down", "next")],
        (true, ..) => &[("q", "leave"), ("Up Down", "select"), ("Enter", "enlarge"), (help, "help")],
        (_, _, Focus::List) => {
            let tab = if app.similar_to.is_some() { "back to the query" } else { "nearest" };
            &[
                ("q", "leave"),
                ("Up Down", "select"),
                ("Enter", "enlarge"),
                ("Tab", tab),
                ("/", "type"),
                (help, "help"),
            ]
        }
        _ => &[
            ("Esc Esc", "leave"),
            ("Up Down", "select"),
            ("Enter", "enlarge"),
            ("Tab", "nearest"),
            (help, "help"),
        ],
    };
    let mut x = area.x;
    for (key, label) in hints {
        let label = format!(" {label}  ");
        x = line(&[(key, theme.strong()), (&label, theme.faint())], (x, area.bottom() - 1), area, buf);
    }
}

/// A text, or the last part of an image's name.
fn item(item: &Item) -> &str {
    match item {
        Item::Text(text) => text,
        Item::Image { name, .. } => name.rsplit('/').next().unwrap_or_default(),
    }
}

/// The selected missed query.
fn miss(app: &App) -> Option<&Miss> {
    app.misses.as_ref()?.worst.get(app.selected)
}
