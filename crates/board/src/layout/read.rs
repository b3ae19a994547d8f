//! The text of a layout becomes a [`Layout`], or a list of everything that is wrong with it.

use std::ops::Range;

use clip_lab_problem::{Problem, syntax};
use clip_lab_store::Axis;
use toml::de::DeTable;

use super::{Kind, Layout, Panel, Row, View, table::Table};
use crate::figure::{By, Form, x};

const PANEL: [&str; 9] = ["kind", "title", "width", "metric", "metrics", "x", "y", "smooth", "group"];
/// The forms of a vertical axis with their names.
pub const FORMS: [(Form, &str); 3] =
    [(Form::Linear, "linear"), (Form::Log, "log"), (Form::Symlog(0.0), "symlog")];

/// Reads a whole file. `ready` are views that a layout may take over by name.
pub fn layout(text: &str, ready: &[View]) -> Result<Layout, Vec<Problem>> {
    let parsed = DeTable::parse(text).map_err(|error| vec![syntax(&error)])?;
    let mut problems = Vec::new();
    let root = parsed.get_ref();
    let mut table = Table::new("the dashboard", root, 0..0, &["title", "row", "view"], &mut problems);
    let title = table.text("title").map(|(text, _)| text);
    if !table.has("title") {
        table.lacking("the dashboard has no `title`".to_string());
    }
    let (rows, views) = (table.has("row"), table.has("view"));
    if !rows && !views {
        table.lacking("the dashboard shows nothing: it has no `[[view]]` and no `[[row]]`".to_string());
    }
    let rows = if rows { table.tables("row") } else { Vec::new() };
    let found = if views { table.tables("view") } else { Vec::new() };
    let rows: Vec<Row> = rows.into_iter().map(|(table, place)| row(table, place, &mut problems)).collect();
    let first = (!rows.is_empty()).then(|| View { title: OVERVIEW.to_string(), rows });
    let views: Vec<View> = first
        .into_iter()
        .chain(found.into_iter().map(|(table, place)| view(table, place, ready, &mut problems)))
        .collect();
    let layout = Layout { title: title.unwrap_or_default(), views };
    if problems.is_empty() { Ok(layout) } else { Err(problems) }
}

/// The view that rows outside of any view make.
const OVERVIEW: &str = "Overview";

fn view(table: &DeTable, place: Range<usize>, ready: &[View], problems: &mut Vec<Problem>) -> View {
    let known: &[&str] = if table.contains_key("use") { &["use"] } else { &["title", "use", "row"] };
    let mut table = Table::new("a view", table, place, known, problems);
    if table.has("use") {
        let names: Vec<(usize, &str)> =
            ready.iter().enumerate().map(|(i, view)| (i, view.title.as_str())).collect();
        let chosen = table.choice("use", &names, usize::MAX);
        return ready.get(chosen).cloned().unwrap_or(View { title: String::new(), rows: Vec::new() });
    }
    let title = table.text("title").map(|(text, _)| text);
    if !table.has("title") {
        table.lacking("a view has no `title`, nor `use` with the name of a built-in one".to_string());
    }
    let rows = table.tables("row");
    let rows = rows.into_iter().map(|(table, place)| row(table, place, problems)).collect();
    View { title: title.unwrap_or_default(), rows }
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
    let kind = table.choice("kind", Kind::ALL, Kind::Runs);
    if stated[0].is_none() {
        table.lacking(format!("a panel has no `kind`: {}", Kind::names()));
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
        y: table.choice("y", &FORMS, Form::Linear),
        group: table.text("group").map_or(By::Run, |(key, _)| By::read(&key)),
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
    if metrics.is_empty() { kind.heading().to_string() } else { metrics.join(", ") }
}
