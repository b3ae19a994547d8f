//! The whole screen, drawn from the state of the app alone.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, BorderType, Widget},
};

use super::{
    app::App,
    arrange::{Placed, pages},
    data::Run,
    events,
    keys::BINDINGS,
    overlay, plot, retrieval, runs,
    theme::Theme,
};
use crate::{
    figure::{Rows, View, figure, number, x},
    layout::{Kind, Panel},
    text::{clean, cut, width, wrap},
};

/// Draws everything; `now` is in milliseconds since 1970. Any size will do.
pub fn draw(app: &App, now: i64, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.width < 40 || area.height < 10 {
        return one_line(app, theme, area, buf);
    }
    header(app, theme, Rect { height: 1, ..area }, buf);
    let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
    let body = overlay::trouble(app, body, theme, buf);
    if app.snapshot.runs.is_empty() {
        empty(app, theme, body, buf);
    } else {
        panels(app, now, theme, body, buf);
    }
    footer(theme, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
    if app.help {
        overlay::help(body, theme, buf);
    }
    if let Some(marked) = app.asking {
        overlay::question(marked, body, theme, buf);
    }
}

/// Too small for anything but the most important run.
fn one_line(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let live = app.snapshot.runs.iter().find(|run| run.row.status.is_live());
    let trouble = app.snapshot.trouble.as_ref().filter(|_| !app.starting());
    let text = match (trouble, app.selected().or(live).or(app.snapshot.runs.first())) {
        (Some(trouble), _) => trouble.clone(),
        (None, Some(run)) => in_a_line(run),
        (None, None) => "no runs yet".to_string(),
    };
    let style = if trouble.is_some() { theme.bad() } else { theme.heading() };
    buf.set_stringn(area.x, area.y, cut(&text, area.width as usize), area.width as usize, style);
}

fn in_a_line(run: &Run) -> String {
    let progress = runs::progress(run.row.step, run.row.total_steps);
    let percent = progress.rsplit(' ').next().unwrap_or_default();
    let loss = run.metric("train/loss").and_then(|series| series.last).map_or(String::new(), number);
    format!("{percent} {loss} {} {}", runs::status_words(run.row.status), run.name)
}

fn header(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (all, live) = (app.snapshot.runs.len(), app.snapshot.live());
    let runs = if all == 1 { "run" } else { "runs" };
    let room = area.width as usize;
    let left = format!(" clip-lab  {}  ", clean(&app.layout.title));
    buf.set_stringn(area.x, area.y, &left, room, theme.heading());
    let at = (area.x as usize + width(&left)).min(area.right() as usize);
    let counts = format!("{all} {runs}, {live} live");
    buf.set_stringn(at as u16, area.y, &counts, room.saturating_sub(at), theme.faint());
    let chosen = chosen_words(app);
    let start = area.right().saturating_sub(width(&chosen) as u16 + 1);
    if usize::from(start) > at + counts.len() + 2 {
        buf.set_string(start, area.y, chosen, theme.faint());
    }
}

/// What the keys have changed from the layout.
fn chosen_words(app: &App) -> String {
    let mut words = Vec::new();
    words.extend(app.x.map(|axis| format!("x: {}", x::title(axis))));
    words.extend(app.log_turned.then(|| "y: turned".to_string()));
    words.extend(
        app.smooth
            .map(|s| if s > 0.0 { format!("smooth: {}", number(s)) } else { "smooth: off".to_string() }),
    );
    words.extend((!app.hidden.is_empty()).then(|| format!("{} hidden", app.hidden.len())));
    words.join("  ")
}

fn footer(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut at = area.x + 1;
    for binding in BINDINGS.iter().filter(|binding| !binding.short.is_empty()) {
        let wide = (width(binding.keys) + 1 + width(binding.short)) as u16;
        if at + wide > area.right() {
            return;
        }
        buf.set_string(at, area.y, binding.keys, theme.strong());
        buf.set_string(at + width(binding.keys) as u16 + 1, area.y, binding.short, theme.faint());
        at += wide + 2;
    }
}

fn empty(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let words = match (app.starting(), &app.snapshot.trouble) {
        (true, _) => "The run is starting.",
        (false, Some(_)) => return,
        (false, None) => "No runs here yet. Start one in another terminal: clip-lab run experiments/lit.toml",
    };
    let lines = wrap(words, (area.width as usize).saturating_sub(4).max(1));
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in (top..area.bottom()).zip(lines) {
        let x = area.x + area.width.saturating_sub(width(&line) as u16) / 2;
        buf.set_stringn(x, y, line, area.width as usize, theme.faint());
    }
}

fn panels(app: &App, now: i64, theme: &Theme, body: Rect, buf: &mut Buffer) {
    if app.expanded {
        return panel(app, now, theme, (app.focus, body), buf);
    }
    let most = |panel: &Panel| fill(app, panel);
    let mut arranged = pages(&app.layout, body, most);
    if arranged.len() > 1 {
        let below = Rect { y: body.y + 1, height: body.height - 1, ..body };
        arranged = pages(&app.layout, below, most);
        tabs(app, &arranged, theme, Rect { height: 1, ..body }, buf);
    }
    let page = arranged.iter().find(|page| page.iter().any(|(i, _)| *i == app.focus));
    for placed in page.or(arranged.first()).into_iter().flatten() {
        panel(app, now, theme, *placed, buf);
    }
}

/// The height that `panel` can fill.
fn fill(app: &App, panel: &Panel) -> u16 {
    let lines = match panel.kind {
        Kind::Line => return u16::MAX,
        Kind::Runs => app.snapshot.runs.len() + 3,
        Kind::Retrieval => retrieval::lines(&app.snapshot.runs) + 3,
        Kind::Events => app.snapshot.events.len() + 2,
    };
    lines.min(16) as u16
}

/// All panels by number; those of this page stand out.
fn tabs(app: &App, pages: &[Vec<Placed>], theme: &Theme, area: Rect, buf: &mut Buffer) {
    let here = pages.iter().position(|page| page.iter().any(|(i, _)| *i == app.focus)).unwrap_or(0);
    let mut at = area.x + 1;
    for (number, page) in pages.iter().enumerate() {
        for (i, _) in page {
            let title = app.layout.panels().nth(*i).map_or(String::new(), |panel| clean(&panel.title));
            let text = format!("{} {title}", i + 1);
            let room = area.right().saturating_sub(at) as usize;
            let style = if number == here { theme.strong() } else { theme.faint() };
            buf.set_stringn(at, area.y, cut(&text, room), room, style);
            at = (at + width(&text) as u16 + 2).min(area.right());
        }
        if number + 1 < pages.len() && at + 2 < area.right() {
            buf.set_string(at, area.y, "│ ", theme.faint());
            at += 2;
        }
    }
}

fn panel(app: &App, now: i64, theme: &Theme, (index, rect): Placed, buf: &mut Buffer) {
    let Some(panel) = app.layout.panels().nth(index) else { return };
    let focused = index == app.focus;
    let style = if focused { theme.strong() } else { theme.faint() };
    let border = if focused { BorderType::Thick } else { BorderType::Rounded };
    let block = Block::bordered()
        .border_type(border)
        .border_style(style)
        .title(cut(
            &format!(" {} {} ", index + 1, clean(&panel.title)),
            (rect.width as usize).saturating_sub(2),
        ))
        .title_style(if focused { theme.strong() } else { theme.heading() });
    let inside = block.inner(rect);
    block.render(rect, buf);
    match panel.kind {
        Kind::Runs => runs::draw(app, inside, theme, buf),
        Kind::Retrieval => retrieval::draw(app, inside, theme, buf),
        Kind::Events => events::draw(app, now, inside, theme, buf),
        Kind::Line => chart(app, index, panel, rect, inside, theme, buf),
    }
}

fn chart(app: &App, index: usize, panel: &Panel, rect: Rect, inside: Rect, theme: &Theme, buf: &mut Buffer) {
    let number = app.layout.panels().take(index).filter(|before| before.kind == Kind::Line).count();
    let Some(chart) = app.snapshot.charts.get(number) else { return };
    let shown = chart.rows.iter().filter(|(run, _)| !app.hidden.contains(run));
    let rows: Vec<Rows> = shown.map(|(_, rows)| rows.clone()).collect();
    if rows.iter().all(|rows| rows.buckets.is_empty()) {
        let words = format!("no {} yet", panel.metrics.join(", "));
        buf.set_stringn(
            inside.x,
            inside.y,
            cut(&words, inside.width as usize),
            inside.width as usize,
            theme.faint(),
        );
        return;
    }
    let view = View { x: chart.x, y: app.form(panel), smooth: app.half_life(panel), ..View::default() };
    let figure = figure(&panel.title, &rows, view);
    plot::draw(&figure, inside, app.selected().and_then(|run| run.colour), theme, buf);
    let bad = figure.series.iter().any(|series| !series.bad.is_empty());
    notes(&figure.notes, bad, panel, rect, theme, buf);
}

/// What must be known about a drawing stands on the panel's upper border.
fn notes(notes: &[String], bad: bool, panel: &Panel, rect: Rect, theme: &Theme, buf: &mut Buffer) {
    let room = (rect.width as usize).saturating_sub(width(&panel.title) + 8);
    if notes.is_empty() || room < 8 {
        return;
    }
    let text = cut(&format!(" {} ", notes.join(" · ")), room);
    let x = rect.right().saturating_sub(width(&text) as u16 + 1);
    let style = if bad { theme.bad() } else { theme.faint() };
    buf.set_stringn(x, rect.y, &text, width(&text), style);
}
