//! The top images of a few fixed queries, as real images if the terminal supports them.

use clip_lab_store::{Hit, Probe};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Block, BorderType, Widget},
};

use crate::{
    app::{Selection, probe_at, selected_probe},
    data::panels::{Panels, RunProbes},
    images::Gallery,
    paint::{ascii_border, line, placeholder, put},
    theme::Theme,
};
use clip_lab_chart::text::{clean, width, wrap};

/// Images per query.
const PER_QUERY: u16 = 5;
/// The most lines of a query.
const QUERY_LINES: usize = 2;
/// The most lines of an image.
const MAX_HEIGHT: u16 = 18;

/// The data of the query blocks.
struct Rows<'a> {
    /// Run names and probes; the selected run first.
    runs: Vec<(&'a str, &'a Probe)>,
    panels: &'a Panels,
    gallery: &'a Gallery,
}

/// Draws as many queries as fit, in data order or worst first; the results of the pinned run below the others.
pub fn draw(
    run: Option<&RunProbes>,
    pinned: Option<&RunProbes>,
    (panels, gallery): (&Panels, &Gallery),
    selection: &Selection,
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let area = area.intersection(buf.area);
    let Some((own, (probe, at, of))) = run.and_then(|run| Some((run, selected_probe(run, selection.back)?)))
    else {
        let message = "The selected run has no images for fixed queries yet. Runs of this version record them at \
                     every evaluation; the spec needs [data.val].";
        return placeholder(message, area, theme, buf);
    };
    let queries = order(probe, selection.worst);
    if queries.is_empty() {
        return placeholder("This evaluation has no queries.", area, theme, buf);
    }
    let mut runs = vec![(own.name.as_str(), probe)];
    runs.extend(
        pinned.filter(|p| p.run != own.run).and_then(|p| Some((p.name.as_str(), probe_at(p, probe.step)?))),
    );
    let first = selection.query.min(queries.len() - 1);
    let order = if selection.worst { "worst first" } else { "in order" };
    let title = format!(
        "  step {} ({} of {of})  query {} of {}, {order}  {}",
        probe.step,
        at + 1,
        first + 1,
        queries.len(),
        gallery.protocol_name()
    );
    line(&[(&own.name, theme.heading()), (&title, theme.faint())], (area.x, area.y), area, buf);
    let mut below = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area };
    let rows = Rows { runs, panels, gallery };
    let high = height(&rows, below);
    for query in &queries[first..] {
        let lines = lines(&rows, *query, below.width, high);
        if lines > below.height && *query != queries[first] {
            return;
        }
        block(&rows, *query, high, below, theme, buf);
        let lines = lines.min(below.height);
        below = Rect { y: below.y + lines, height: below.height - lines, ..below };
    }
}

/// The queries in data order, or by rank of the right image, worst first.
fn order(probe: &Probe, worst: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probe.queries.len().min(probe.top.len())).collect();
    if worst {
        order.sort_by_key(|query| std::cmp::Reverse(probe.rank.get(*query).copied().unwrap_or(u32::MAX)));
    }
    order
}

/// The height of one row of images, borders included: from their width, less if there is no room.
fn height(rows: &Rows, area: Rect) -> u16 {
    if !rows.gallery.on() {
        return 4;
    }
    let natural = (area.width / PER_QUERY).saturating_sub(2) / 2 + 2;
    let room = area.height.saturating_sub(QUERY_LINES as u16) / rows.runs.len().max(1) as u16;
    natural.clamp(4, MAX_HEIGHT).min(room.max(4))
}

fn caption_text(query: usize, probe: &Probe) -> String {
    let text = probe.queries.get(query).map_or("", String::as_str);
    let rank = probe
        .rank
        .get(query)
        .map_or(String::new(), |rank| format!("  (right image: rank {})", rank.saturating_add(1)));
    format!("“{}”{rank}", clean(text))
}

fn caption(query: usize, rows: &Rows, room: u16) -> Vec<String> {
    let mut lines = wrap(&caption_text(query, rows.runs[0].1), room.max(1).into());
    if lines.len() > QUERY_LINES {
        lines.truncate(QUERY_LINES);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

fn lines(rows: &Rows, query: usize, width: u16, high: u16) -> u16 {
    let names = if rows.runs.len() > 1 { 1 } else { 0 };
    caption(query, rows, width).len() as u16 + rows.runs.len() as u16 * (high + names)
}

fn block(rows: &Rows, query: usize, high: u16, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut y = area.y;
    for text in caption(query, rows, area.width) {
        put(&text, (area.x, y), theme.heading(), area, buf);
        y = y.saturating_add(1);
    }
    let own = rows.runs[0].1.queries.get(query);
    for (name, probe) in &rows.runs {
        // Another run may have other queries, or the same in another order.
        let hits = probe.queries.iter().position(|text| Some(text) == own).and_then(|at| probe.top.get(at));
        if rows.runs.len() > 1 {
            let missing = if hits.is_none() { ": query not evaluated" } else { "" };
            put(&format!("{name}, step {}{missing}", probe.step), (area.x, y), theme.faint(), area, buf);
            y = y.saturating_add(1);
        }
        let height = high.min(area.bottom().saturating_sub(y));
        let wide = area.width / PER_QUERY;
        for (hit, i) in hits.into_iter().flatten().take(PER_QUERY.into()).zip(0u16..) {
            let place = Rect { x: area.x + i * wide, y, width: wide, height };
            draw_image(hit, place, rows, theme, buf);
        }
        y = y.saturating_add(high);
    }
}

/// Draws one result: the image with its score; a right one has a double border.
fn draw_image(hit: &Hit, place: Rect, rows: &Rows, theme: &Theme, buf: &mut Buffer) {
    if place.width < 6 || place.height < 3 {
        return;
    }
    let (marker, style) = match (hit.right, theme.ascii()) {
        (true, false) => (" ✓", theme.good()),
        (true, true) => (" right", theme.good()),
        (false, _) => ("", theme.faint()),
    };
    let border = if hit.right { BorderType::Double } else { BorderType::Rounded };
    let block = Block::bordered().border_type(border).border_style(style);
    let block = if theme.ascii() { block.border_set(ascii_border(hit.right)) } else { block };
    let inside = block.inner(place);
    block.render(place, buf);
    let below = Rect { x: place.x + 1, y: place.bottom() - 1, width: place.width - 2, height: 1 };
    put(&format!(" {:.2}{marker} ", hit.score), (below.x, below.y), style, below, buf);
    let bytes =
        hit.image.digest.as_ref().and_then(|digest| Some((digest, rows.panels.thumbnails.get(digest)?)));
    let shown = bytes.is_some_and(|(digest, bytes)| rows.gallery.draw(digest, bytes, inside, buf));
    if !shown {
        name(&hit.image.name, inside, buf);
    }
}

/// Draws the name, wrapped at any character: file names have no spaces.
fn name(name: &str, area: Rect, buf: &mut Buffer) {
    let (mut line, mut lines) = (String::new(), Vec::new());
    for c in clean(name).chars() {
        line.push(c);
        if width(&line) > area.width.into() {
            line.pop();
            lines.push(std::mem::replace(&mut line, c.to_string()));
        }
    }
    lines.push(line);
    for (y, line) in (area.top()..area.bottom()).zip(&lines) {
        put(line, (area.x, y), Style::new(), area, buf);
    }
}
