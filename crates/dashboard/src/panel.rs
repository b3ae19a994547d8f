//! Draws one panel: the border, then the content of its kind.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Widget},
};

use super::{
    app::App,
    arrange::Placed,
    data::Chart,
    diff, events, filter_line, panels,
    plot::{self, Highlight},
    retrieval, run, runs,
    theme::Theme,
};
use crate::put::Put as _;
use clip_lab_chart::{
    figure::{GroupBy, Rows, figure, gather, grouped},
    layout::{Kind, Panel},
    palette::COLOURS,
    text::{clean, cut, width},
};

/// The greatest useful height of `panel`, borders included.
pub fn max_height(app: &App, panel: &Panel) -> u16 {
    let lines = match panel.kind {
        Kind::Runs => app.table.shown.len() + 3,
        Kind::Retrieval => retrieval::lines(&app.snapshot.runs) + 3,
        Kind::Events => app.snapshot.events.len() + 2,
        Kind::Diff => diff::rows(app).len() + 3,
        Kind::Ema => app.snapshot.runs.iter().map(|run| panels::ema::lines(run).len()).sum::<usize>() + 3,
        Kind::Temperature | Kind::Phases | Kind::Layers | Kind::System => return u16::MAX,
        Kind::Line | Kind::Run | Kind::Similarity | Kind::Images | Kind::Log => return u16::MAX,
    };
    lines.min(16) as u16
}

/// How many lines of the panel at `index` do not fit into `place`, borders included.
pub fn hidden_lines(app: &App, index: usize, place: Rect) -> usize {
    let (wide, high) = (place.width.saturating_sub(2), usize::from(place.height.saturating_sub(2)));
    let lines = match app.panels().nth(index).map(|panel| panel.kind) {
        Some(Kind::Events) => events::shown(app).len(),
        Some(Kind::Diff) => diff::rows(app).len() + 1,
        Some(Kind::Run) => run::lines(app, wide.into()).len(),
        Some(Kind::Log) => app.snapshot.panels.log.as_ref().map_or(0, |log| log.lines.len()),
        _ => 0,
    };
    lines.saturating_sub(high)
}

/// Draws the panel at `index` of the current view.
pub fn draw(app: &App, now: i64, theme: &Theme, (index, rect): Placed, buf: &mut Buffer) {
    let Some(panel) = app.panels().nth(index) else { return };
    let focused = index == app.focus;
    let style = if focused { theme.strong() } else { theme.faint() };
    let border = if focused { BorderType::Thick } else { BorderType::Rounded };
    let block = Block::bordered()
        .border_type(border)
        .border_style(style)
        .title(cut(&format!(" {} ", clean(&panel.title)), (rect.width as usize).saturating_sub(2)))
        .title_style(if focused { theme.strong() } else { theme.heading() });
    let inside = block.inner(rect);
    block.render(rect, buf);
    drawn_count(app, panel.kind, rect, theme, buf);
    let first = app.scrolled(index).min(hidden_lines(app, index, rect));
    match panel.kind {
        Kind::Diff => diff::draw(app, first, inside, theme, buf),
        Kind::Run => run::draw(app, first, inside, theme, buf),
        Kind::Runs => {
            filter_line::border(app, &panel.title, rect, theme, buf);
            runs::draw(app, inside, theme, buf);
        }
        Kind::Retrieval => retrieval::draw(app, inside, theme, buf),
        Kind::Events => events::draw(app, now, first, inside, theme, buf),
        Kind::Log => panels::log::draw(app.snapshot.panels.log.as_ref(), first, inside, theme, buf),
        Kind::Line => chart(app, index, panel, rect, inside, theme, buf),
        kind => contrastive(app, kind, inside, theme, buf),
    }
}

/// Writes on the lower border how many runs or groups are drawn, with the key that changes it.
fn drawn_count(app: &App, kind: Kind, rect: Rect, theme: &Theme, buf: &mut Buffer) {
    let charted = [Kind::Line, Kind::Temperature, Kind::Layers, Kind::Phases, Kind::System, Kind::Diff];
    let (drawn, all) = app.curve_counts();
    let (key, what) = (app.keys.key_of("all"), if app.by() == GroupBy::Run { "runs" } else { "groups" });
    let text = match drawn < all {
        _ if !charted.contains(&kind) => return,
        true => format!(" {drawn} of {all} {what} drawn · {key} draws all "),
        false if app.draw_all && all > COLOURS => format!(" all {all} {what} drawn · {key} draws {COLOURS} "),
        false => return,
    };
    let room = usize::from(rect.width.saturating_sub(4));
    if rect.height > 2 {
        buf.put(rect.x + 2, rect.bottom() - 1, cut(&text, room), room, theme.warning());
    }
}

/// Draws the panels specific to contrastive training.
fn contrastive(app: &App, kind: Kind, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (data, selection) = (&app.snapshot.panels, &app.selection);
    let selected = app.selected();
    let (own, pinned) = (app.selected_probes(), app.pinned_probes());
    match kind {
        Kind::Similarity => panels::similarity::draw(own, pinned, selection, area, theme, buf),
        Kind::Images => panels::images::draw(own, pinned, (data, &app.gallery), selection, area, theme, buf),
        Kind::Temperature => {
            panels::temperature::draw(&data.scales, selected.and_then(|run| run.colour), area, theme, buf);
        }
        Kind::Layers => panels::layers::draw(&data.layers, selected.map(|run| run.row.id), area, theme, buf),
        Kind::Phases => panels::phases::draw(&data.phases, area, theme, buf),
        Kind::System => panels::system::draw(&data.system, area, theme, buf),
        Kind::Ema => {
            let at = selected.map(|_| app.selected_index());
            panels::ema::draw(&app.snapshot.runs, at, area, theme, buf);
        }
        Kind::Runs | Kind::Line | Kind::Retrieval | Kind::Events | Kind::Diff | Kind::Run | Kind::Log => {}
    }
}

fn chart(app: &App, index: usize, panel: &Panel, rect: Rect, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let Some(chart) = app.chart(index) else { return };
    let rows = rows(app, chart);
    if rows.iter().all(|rows| rows.buckets.is_empty()) {
        let message = clean(&format!("no {} yet", panel.metrics.join(", ")));
        buf.put(
            inside.x,
            inside.y,
            cut(&message, inside.width as usize),
            inside.width as usize,
            theme.faint(),
        );
        return;
    }
    let view = app.view_of(index, panel, chart.x);
    let figure = match chart.grouped {
        true => grouped(&panel.title, &rows, &gather(&rows), view),
        false => figure(&panel.title, &rows, view),
    };
    let highlight =
        Highlight { front: app.selected().and_then(|run| run.colour), cursor: app.cursor(chart.x) };
    plot::draw(&figure, inside, highlight, theme, buf);
    let bad = figure.series.iter().any(|series| !series.bad.is_empty());
    let left_out = (!chart.left_out.is_empty())
        .then(|| format!("not drawn, different unit: {}", clean(&chart.left_out.join(", "))));
    let all: Vec<String> = left_out.into_iter().chain(figure.notes).collect();
    notes(&all, bad, panel, rect, theme, buf);
}

/// The rows of the runs that are not hidden: the zoomed read if there is one, else the whole axis.
fn rows(app: &App, chart: &Chart) -> Vec<Rows> {
    let zoomed = chart.zoomed.as_ref().filter(|(range, _)| Some(*range) == app.chart_options.range);
    let chosen = chart.rows.iter().enumerate().filter(|(_, (run, _))| !app.hidden.contains(run));
    chosen
        .map(|(at, (_, rows))| zoomed.and_then(|(_, zoomed)| zoomed.get(at)).unwrap_or(rows).clone())
        .collect()
}

/// Writes notes about the chart on the upper border.
fn notes(notes: &[String], bad: bool, panel: &Panel, rect: Rect, theme: &Theme, buf: &mut Buffer) {
    let room = (rect.width as usize).saturating_sub(width(&panel.title) + 8);
    if notes.is_empty() || room < 8 {
        return;
    }
    let text = cut(&format!(" {} ", notes.join(" · ")), room);
    let x = rect.right().saturating_sub(width(&text) as u16 + 1);
    let style = if bad { theme.bad() } else { theme.faint() };
    buf.put(x, rect.y, &text, width(&text), style);
}
