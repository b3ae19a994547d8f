//! The areas of the screen, shared by drawing and mouse hit tests.

use ratatui::layout::Rect;

use super::{
    app::App,
    arrange::{Placed, pages},
    overlay, panel,
};

/// The areas of one screen.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreenAreas {
    /// The line at the top.
    pub header: Rect,
    /// The tabs; empty if there is only one view.
    pub tabs: Rect,
    /// The area of the panels.
    pub body: Rect,
    /// The panels on this page.
    pub panels: Vec<Placed>,
    /// Which page of the view this is, from zero.
    pub page: usize,
    /// How many pages the view has on a screen of this size.
    pub pages: usize,
    /// The store error.
    pub error: Rect,
    /// The line of keys at the bottom.
    pub footer: Rect,
}

/// The areas within `area`; `None` if only one line fits.
pub fn screen_areas(app: &App, area: Rect) -> Option<ScreenAreas> {
    if area.width < 40 || area.height < 10 {
        return None;
    }
    let line = |y: u16, height: u16| Rect { y, height, ..area };
    let tabs = u16::from(app.layout.views.len() > 1);
    let error_height = overlay::error_lines(app, area).len() as u16;
    let top = area.y + 1 + tabs;
    let body = line(top, area.bottom() - 1 - error_height - top);
    let (panels, page, pages) = panels(app, body);
    Some(ScreenAreas {
        header: line(area.y, 1),
        tabs: line(area.y + 1, tabs),
        body,
        panels,
        page,
        pages,
        error: line(body.bottom(), error_height),
        footer: line(area.bottom() - 1, 1),
    })
}

/// The panels of the focused page, its index, and the number of pages.
fn panels(app: &App, body: Rect) -> (Vec<Placed>, usize, usize) {
    if app.snapshot.runs.is_empty() {
        return (Vec::new(), 0, 1);
    }
    if app.expanded {
        return (vec![(app.focus, body)], 0, 1);
    }
    let Some(view) = app.layout.views.get(app.view) else { return (Vec::new(), 0, 1) };
    let mut pages = pages(view, body, |panel| panel::max_height(app, panel));
    let page = pages.iter().position(|page| page.iter().any(|(i, _)| *i == app.focus)).unwrap_or(0);
    let count = pages.len();
    (if count > 0 { pages.swap_remove(page) } else { Vec::new() }, page, count)
}
