//! Draws the whole screen from the state of the app.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    app::{App, Mode},
    areas::{ScreenAreas, screen_areas},
    data::Run,
    filter_line, footer, overlay, panel, runs, tabs,
    theme::Theme,
};
use crate::put::Put as _;
use clip_lab_chart::{
    figure::{number, x},
    text::{clean, cut, width, wrap},
};

/// Draws everything at any size; `now` is in milliseconds since 1970.
pub fn draw(app: &App, now: i64, theme: &Theme, area: Rect, buf: &mut Buffer) {
    draw_screen(app, now, theme, area.intersection(buf.area), buf);
    if theme.ascii() {
        super::ascii::plain(buf);
    }
}

fn draw_screen(app: &App, now: i64, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(areas) = screen_areas(app, area) else { return one_line(app, theme, area, buf) };
    header(app, &areas, theme, buf);
    tabs::draw(app, theme, areas.tabs, buf);
    overlay::error(app, areas.error, theme, buf);
    if app.snapshot.runs.is_empty() {
        empty(app, theme, areas.body, buf);
    }
    for placed in &areas.panels {
        panel::draw(app, now, theme, *placed, buf);
    }
    if app.table.filter.open {
        filter_line::draw(app, areas.footer, theme, buf);
    } else {
        footer::draw(app, theme, areas.footer, buf);
    }
    match &app.mode {
        Mode::Help(help) => overlay::help(app, help, areas.body, theme, buf),
        Mode::Metrics(picker) => overlay::metrics(app, picker, areas.body, theme, buf),
        Mode::Question(question) => overlay::question(question, areas.body, theme, buf),
        Mode::Normal | Mode::Command(_) => {}
    }
}

/// Draws a screen too small for panels: one line about the most important run.
fn one_line(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let live = app.snapshot.runs.iter().find(|run| run.row.status.is_live());
    let error = app.snapshot.error.as_ref().filter(|_| !app.starting());
    let text = match (error, app.selected().or(live).or(app.snapshot.runs.first())) {
        (Some(error), _) => error.clone(),
        (None, Some(run)) => summary_line(run),
        (None, None) => "no runs yet".to_string(),
    };
    let style = if error.is_some() { theme.bad() } else { theme.heading() };
    buf.put(area.x, area.y, cut(&text, area.width as usize), area.width as usize, style);
}

fn summary_line(run: &Run) -> String {
    let progress = runs::progress(run.row.step, run.row.total_steps);
    let percent = progress.rsplit(' ').next().unwrap_or_default();
    let loss = run.metric("train/loss").and_then(|series| series.last).map_or(String::new(), number);
    format!("{percent} {loss} {} {}", runs::status_label(run.row.status), run.name)
}

fn header(app: &App, areas: &ScreenAreas, theme: &Theme, buf: &mut Buffer) {
    let area = areas.header;
    let (all, live) = (app.snapshot.runs.len(), app.snapshot.live());
    let runs = if all == 1 { "run" } else { "runs" };
    let room = area.width as usize;
    let left = format!(" clip-lab  {}  ", clean(&app.layout.title));
    buf.put(area.x, area.y, &left, room, theme.heading());
    let at = (area.x as usize + width(&left)).min(area.right() as usize);
    let counts = format!("{all} {runs}, {live} live");
    buf.put(at as u16, area.y, &counts, room.saturating_sub(at), theme.faint());
    let options = option_labels(app, areas);
    let start = area.right().saturating_sub(width(&options) as u16 + 1);
    if usize::from(start) > at + counts.len() + 2 {
        buf.put_all(start, area.y, options, theme.faint());
    }
}

/// The options that differ from the layout, and the page.
fn option_labels(app: &App, areas: &ScreenAreas) -> String {
    let mut labels = Vec::new();
    labels.extend(app.x.map(|axis| format!("x: {}", x::title(axis))));
    labels.extend(app.chart_options.labels());
    labels.extend(
        app.smooth
            .map(|s| if s > 0.0 { format!("smooth: {}", number(s)) } else { "smooth: off".to_string() }),
    );
    let (drawn, all) = app.curve_counts();
    labels.extend((drawn < all).then(|| format!("{drawn} of {all} drawn")));
    labels.extend((!app.hidden.is_empty()).then(|| format!("{} hidden", app.hidden.len())));
    labels.extend((areas.pages > 1).then(|| format!("page {} of {}", areas.page + 1, areas.pages)));
    labels.join("  ")
}

fn empty(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let text = match (app.starting(), &app.snapshot.error) {
        (true, _) => "The run is starting.",
        (false, Some(_)) => return,
        (false, None) if !app.table.filter.active.is_empty() => {
            "No run matches the filter. Esc clears it, / edits it."
        }
        (false, None) => "No runs here yet. Start one in another terminal: clip-lab run experiments/lit.toml",
    };
    let lines = wrap(text, (area.width as usize).saturating_sub(4).max(1));
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in (top..area.bottom()).zip(lines) {
        let x = area.x + area.width.saturating_sub(width(&line) as u16) / 2;
        buf.put(x, y, line, area.width as usize, theme.faint());
    }
}
