//! The config diff: a line for each setting in which the runs differ, a column for each run.

use std::collections::BTreeSet;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    app::App,
    data::Run,
    grid::{self, Cell},
    theme::Theme,
};
use crate::put::Put as _;
use clip_lab_chart::text::{Column, clean, fit};

/// The runs that are compared: the pinned one first, then those on the charts.
pub fn runs(app: &App) -> Vec<&Run> {
    let pinned = |run: &&Run| Some(run.row.id) == app.pinned;
    let all = &app.snapshot.runs;
    let shown = all.iter().filter(|run| run.colour.is_some() && !app.hidden.contains(&run.row.id));
    all.iter().filter(pinned).chain(shown.filter(|run| !pinned(run))).collect()
}

/// A setting, with its value in each of [`runs`]; `None` if a run lacks it.
pub type Row<'a> = (&'a str, Vec<Option<&'a str>>);

/// The settings shown: those that differ, or all.
pub fn rows(app: &App) -> Vec<Row<'_>> {
    if app.all_settings { all(app) } else { differing(app) }
}

/// The settings that differ between any two of [`runs`].
pub fn differing(app: &App) -> Vec<Row<'_>> {
    let differs = |(_, values): &Row| values.iter().any(|value| *value != values[0]);
    all(app).into_iter().filter(differs).collect()
}

fn all(app: &App) -> Vec<Row<'_>> {
    let runs = runs(app);
    let keys: BTreeSet<&str> =
        runs.iter().flat_map(|run| run.details.settings.keys()).map(String::as_str).collect();
    keys.into_iter()
        .map(|key| (key, runs.iter().map(|run| run.details.settings.get(key).map(String::as_str)).collect()))
        .collect()
}

/// A setting for display: text without quotation marks.
pub fn value(json: Option<&str>) -> String {
    let json = json.unwrap_or("–");
    let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    clean(text.filter(|text| !text.is_empty()).unwrap_or(json))
}

/// Draws the table, starting at line `first`.
pub fn draw(app: &App, first: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (runs, rows) = (runs(app), rows(app));
    if rows.is_empty() {
        let message = match runs.len() {
            0 => "no run is on the charts; Space shows the selected one",
            1 => "only one run is shown, so no setting differs; D shows all",
            _ => "these runs have the same settings",
        };
        buf.put(area.x, area.y, message, area.width as usize, theme.faint());
        return;
    }
    let mut columns = vec![Column::text("setting", 0, 16)];
    columns.extend(runs.iter().zip(0u8..).map(|(run, rank)| column(app, run, rank)));
    let cells: Vec<Vec<Cell>> = rows.iter().map(|(key, values)| cells(app, key, values, theme)).collect();
    grid::draw_from(&columns, &cells, (first, None), area, theme, buf);
    missing(&columns, &cells, area, theme, buf);
}

/// On narrow screens the last runs are dropped first.
fn column(app: &App, run: &Run, rank: u8) -> Column {
    let marker = if Some(run.row.id) == app.pinned { "▶ " } else { "" };
    Column::text(&format!("{marker}{}", run.name), rank, 8)
}

fn cells(app: &App, key: &str, values: &[Option<&str>], theme: &Theme) -> Vec<Cell> {
    let mut cells = vec![(clean(key), theme.heading())];
    cells.extend(values.iter().enumerate().map(|(i, one)| {
        let same = *one == values[0];
        let style = match (app.pinned, i, same) {
            (Some(_), 1.., true) => theme.faint(),
            (Some(_), 1.., false) => theme.warning(),
            _ => Style::new(),
        };
        (value(*one), style)
    }));
    cells
}

/// Writes on the upper border how many runs do not fit.
fn missing(columns: &[Column], cells: &[Vec<Cell>], area: Rect, theme: &Theme, buf: &mut Buffer) {
    let texts: Vec<Vec<String>> =
        cells.iter().map(|row| row.iter().map(|(text, _)| text.clone()).collect()).collect();
    let left_out = columns.len() - fit(columns, &texts, area.width.into(), 2).len();
    if left_out == 0 || area.width < 40 {
        return;
    }
    let text = format!(" {left_out} more runs: hide some with Space ");
    let x = area.right().saturating_sub(text.len() as u16 + 1);
    buf.put(x, area.y.saturating_sub(1), &text, text.len(), theme.faint());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shown_without_quotation_marks() {
        assert_eq!(value(Some("\"vit\"")), "vit");
        assert_eq!(value(Some("0.001")), "0.001");
        assert_eq!(value(Some("\"\"")), "\"\"");
        assert_eq!(value(None), "–");
    }
}
