//! Parses a [`Layout`], or returns all problems.

use std::ops::Range;

use clip_lab_diagnostics::{Problem, syntax};
use clip_lab_store::Axis;
use toml::de::DeTable;

use super::{Kind, Layout, Panel, Row, View, table::Table};
use crate::figure::{Form, GroupBy, x};

const PANEL: [&str; 9] = ["kind", "title", "width", "metric", "metrics", "x", "y", "smooth", "group"];
/// The forms of the vertical axis with their names.
pub const FORMS: [(Form, &str); 3] =
    [(Form::Linear, "linear"), (Form::Log, "log"), (Form::Symlog(0.0), "symlog")];

/// Parses a layout. `built_in` are the views that it may reuse by name.
pub fn layout(text: &str, built_in: &[View]) -> Result<Layout, Vec<Problem>> {
    let parsed = DeTable::parse(text).map_err(|error| vec![syntax(&error)])?;
    let mut problems = Vec::new();
    let root = parsed.get_ref();
    let mut table = Table::new("the dashboard", root, 0..0, &["title", "row", "view"], &mut problems);
    let title = table.text("title").map(|(text, _)| text);
    if !table.has("title") {
        table.table_problem("the dashboard has no `title`".to_string());
    }
    let (rows, views) = (table.has("row"), table.has("view"));
    if !rows && !views {
        table.table_problem("the dashboard is empty: it has no `[[view]]` and no `[[row]]`".to_string());
    }
    let rows = if rows { table.tables("row") } else { Vec::new() };
    let found = if views { table.tables("view") } else { Vec::new() };
    let rows: Vec<Row> = rows.into_iter().map(|(table, place)| row(table, place, &mut problems)).collect();
    let first = (!rows.is_empty()).then(|| View { title: OVERVIEW.to_string(), rows });
    let views: Vec<View> = first
        .into_iter()
        .chain(found.into_iter().map(|(table, place)| view(table, place, built_in, &mut problems)))
        .collect();
    let layout = Layout { title: title.unwrap_or_default(), views };
    if problems.is_empty() { Ok(layout) } else { Err(problems) }
}

/// Title of the view of rows outside any view.
const OVERVIEW: &str = "Overview";

fn view(table: &DeTable, place: Range<usize>, built_in: &[View], problems: &mut Vec<Problem>) -> View {
    let known: &[&str] = if table.contains_key("use") { &["use"] } else { &["title", "use", "row"] };
    let mut table = Table::new("a view", table, place, known, problems);
    if table.has("use") {
        let names: Vec<(usize, &str)> =
            built_in.iter().enumerate().map(|(i, view)| (i, view.title.as_str())).collect();
        let chosen = table.choice("use", &names, usize::MAX);
        return built_in.get(chosen).cloned().unwrap_or(View { title: String::new(), rows: Vec::new() });
    }
    let title = table.text("title").map(|(text, _)| text);
    if !table.has("title") {
        table.table_problem("a view needs a `title`, or `use` with the name of a built-in view".to_string());
    }
    let rows = table.tables("row");
    let rows = rows.into_iter().map(|(table, place)| row(table, place, problems)).collect();
    View { title: title.unwrap_or_default(), rows }
}

fn row(table: &DeTable, place: Range<usize>, problems: &mut Vec<Problem>) -> Row {
    let mut table = Table::new("a row", table, place, &["height", "panel"], problems);
    let height = table.weight("height");
    let panels = table.tables("panel");
    let panels = panels.into_iter().map(|(panel_table, place)| panel(panel_table, place, problems)).collect();
    Row { height, panels }
}

fn panel(table: &DeTable, place: Range<usize>, problems: &mut Vec<Problem>) -> Panel {
    let spans = PANEL.map(|key| table.get(key).map(toml::Spanned::span));
    let mut table = Table::new("a panel", table, place, &PANEL, problems);
    let kind = table.choice("kind", Kind::ALL, Kind::Runs);
    if spans[0].is_none() {
        table.table_problem(format!("a panel needs a `kind`: {}", Kind::names()));
    }
    let mut metrics = table.texts("metrics");
    metrics.extend(table.text("metric").map(|(metric, _)| metric));
    check_fields(kind, &metrics, &spans, &mut table);
    let title = table.text("title").map(|(text, _)| text);
    Panel {
        kind,
        title: title.unwrap_or_else(|| heading(kind, &metrics)),
        width: table.weight("width"),
        metrics,
        x: table.choice("x", &x::ALL, Axis::Step),
        y: table.choice("y", &FORMS, Form::Linear),
        group: table.text("group").map_or(GroupBy::Run, |(key, _)| GroupBy::read(&key)),
        smooth: table.number("smooth", 0.0, 0.0),
    }
}

/// Checks that a line panel has metrics, and that other kinds have no fields of line panels.
fn check_fields(kind: Kind, metrics: &[String], spans: &[Option<Range<usize>>], table: &mut Table) {
    if spans[0].is_none() {
        return;
    }
    if kind == Kind::Line && metrics.is_empty() && spans[3].is_none() && spans[4].is_none() {
        table.table_problem(
            "a line panel needs `metric` or `metrics`, such as metric = \"train/loss\"".to_string(),
        );
    }
    if kind != Kind::Line {
        for (name, place) in PANEL.iter().zip(spans).skip(3) {
            if let Some(place) = place {
                table.problem(place.clone(), format!("`{name}` is only valid for panels of kind \"line\""));
            }
        }
    }
}

fn heading(kind: Kind, metrics: &[String]) -> String {
    if metrics.is_empty() { kind.heading().to_string() } else { metrics.join(", ") }
}
