//! Dashboard layouts: the files in `dashboards/`.
//!
//! Plain data, independent of the screen size. `export` uses the same views, rows and panels for pages of charts.

mod find;
mod kind;
mod read;
pub mod table;
mod write;

use clip_lab_store::Axis;

use crate::figure::{Form, GroupBy};

pub use find::{check, check_name, find, names, saved};
pub use kind::Kind;

/// The default layout, also shown by `run`.
const LIVE: &str = include_str!("../../../dashboards/live.toml");

/// A dashboard: a list of views, one visible at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Shown at the top.
    pub title: String,
    /// The views, in the order of their number keys; never empty.
    pub views: Vec<View>,
}

/// A full screen of panels, in rows.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Title of its tab.
    pub title: String,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
}

/// Panels side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Relative share of the height that remains after the panels' minimum heights.
    pub height: u16,
    /// Panels from left to right.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows.
    pub kind: Kind,
    /// Its heading.
    pub title: String,
    /// Relative share of the row's width.
    pub width: u16,
    /// For a line chart: the metrics; `*` matches any characters.
    pub metrics: Vec<String>,
    /// For a line chart: the horizontal axis.
    pub x: Axis,
    /// For a line chart: the form of the vertical axis.
    pub y: Form,
    /// For a line chart: the grouping of runs; the first chart of a view that sets it applies to the view.
    pub group: GroupBy,
    /// For a line chart: half-life of the smoothing in steps, zero for none.
    pub smooth: f64,
}

impl Layout {
    /// The built-in default layout.
    ///
    /// # Panics
    /// Never: a test parses the embedded file.
    pub fn live() -> Layout {
        parse_with("dashboards/live.toml", LIVE, &[]).expect("a test parses the embedded layout")
    }

    /// Parses a layout; `name` is the file name in messages. Views may be reused from [`Layout::live`] with `use`.
    ///
    /// # Errors
    /// All problems at once, rendered with line and caret.
    pub fn parse(name: &str, text: &str) -> Result<Layout, String> {
        parse_with(name, text, &Layout::live().views)
    }

    /// Every panel of every view, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> + Clone {
        self.views.iter().flat_map(View::panels)
    }

    /// Number of line panels in the views before `view`: charts are numbered across all views.
    pub fn charts_before(&self, view: usize) -> usize {
        self.views.iter().take(view).flat_map(View::panels).filter(|panel| panel.kind == Kind::Line).count()
    }
}

impl View {
    /// Every panel, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> + Clone {
        self.rows.iter().flat_map(|row| &row.panels)
    }
}

fn parse_with(name: &str, text: &str, built_in: &[View]) -> Result<Layout, String> {
    read::layout(text, built_in)
        .map_err(|problems| clip_lab_diagnostics::render(name, text, &problems, false))
}

/// Whether `metric` matches `pattern`, in which `*` matches any characters.
pub fn matches(pattern: &str, metric: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == metric,
        Some((before, after)) => metric.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|i| rest.is_char_boundary(i) && matches(after, &rest[i..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_layout_is_valid() {
        assert!(Layout::parse("live.toml", LIVE).is_ok());
        assert!(Layout::live().panels().any(|panel| panel.kind == Kind::Runs));
    }

    #[test]
    fn a_star_matches_anything() {
        assert!(matches("val/*/hit@1", "val/retrieval/t2i/hit@1"));
        assert!(matches("*", "") && matches("a*", "a") && !matches("a*b", "a"));
        assert!(!matches("train/loss", "train/loss2"));
    }
}
