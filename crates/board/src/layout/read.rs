//! The text of a layout becomes a [`Layout`], or a list of everything that is wrong with it.

use std::ops::Range;

use clip_lab_problem::{Problem, syntax};
use clip_lab_store::Axis;
use toml::de::DeTable;

use super::{Kind, Layout, Panel, Row, table::Table};
use crate::figure::x;

const PANEL: [&str; 8] = ["kind", "title", "width", "metric", "metrics", "x", "y", "smooth"];

/// Reads a whole file.
pub fn layout(text: &str) -> Result<Layout, Vec<Problem>> {
    let parsed = DeTable::parse(text).map_err(|error| vec![syntax(&error)])?;
    let mut problems = Vec::new();
    let mut table = Table::new("the dashboard", parsed.get_ref(), 0..0, &["title", "row"], &mut problems);
    let title = table.text("title").map(|(text, _)| text);
    if !table.has("title") {
        table.lacking("the dashboard has no `title`".to_string());
    }
    let rows = table.tables("row");
    let rows = rows.into_iter().map(|(row_table, place)| row(row_table, place, &mut problems)).collect();
    let layout = Layout { title: title.unwrap_or_default(), rows };
    if problems.is_empty() { Ok(layout) } else { Err(problems) }
}

fn row(table: &DeTable, place: Range<usize>, problems: &mut Vec<Problem>) -> Row {
    let mut table = Table::new("a row", table, place, &["height", "panel"], problems);
    let height = table.share("height");
    let panels = table.tables("panel");
    let panels = panels.into_iter().map(|(panel_table, place)| panel(panel_table, place, problems)).collect();
    Row { height, panels }
}

fn panel(table: &DeTable, place: Range<usize>, problems: &mut Vec<Problem>) -> Panel {
    let stated = PANEL.map(|key| table.get(key).map(toml::Spanned::span));
    let mut table = Table::new("a panel", table, place, &PANEL, problems);
    let kind = table.choice("kind", &Kind::ALL, Kind::Runs);
    if stated[0].is_none() {
        table.lacking("a panel has no `kind`: runs, line, retrieval or events".to_string());
    }
    let mut metrics = table.texts("metrics");
    metrics.extend(table.text("metric").map(|(metric, _)| metric));
    fits(kind, &metrics, &stated, &mut table);
    let title = table.text("title").map(|(text, _)| text);
    Panel {
        kind,
        title: title.unwrap_or_else(|| heading(kind, &metrics)),
        width: table.share("width"),
        metrics,
        x: table.choice("x", &x::ALL, Axis::Step),
        log: table.choice("y", &[(false, "linear"), (true, "log")], false),
        smooth: table.number("smooth", 0.0, 0.0),
    }
}

/// A line chart needs metrics; the other kinds have no use for what describes one.
fn fits(kind: Kind, metrics: &[String], stated: &[Option<Range<usize>>], table: &mut Table) {
    if stated[0].is_none() {
        return;
    }
    if kind == Kind::Line && metrics.is_empty() && stated[3].is_none() && stated[4].is_none() {
        table
            .lacking("a line panel needs `metric` or `metrics`, such as metric = \"train/loss\"".to_string());
    }
    if kind != Kind::Line {
        for (name, place) in PANEL.iter().zip(stated).skip(3) {
            if let Some(place) = place {
                table.problem(place.clone(), format!("`{name}` belongs to panels of kind \"line\" only"));
            }
        }
    }
}

fn heading(kind: Kind, metrics: &[String]) -> String {
    match kind {
        Kind::Runs => "Runs".to_string(),
        Kind::Line => metrics.join(", "),
        Kind::Retrieval => "Retrieval".to_string(),
        Kind::Events => "Events".to_string(),
    }
}
