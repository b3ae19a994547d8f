//! What stands where on a dashboard: the files in `dashboards/`.
//!
//! A layout is data. The terminal draws it at any size; the same views, rows and panels describe pages of charts.

mod find;
mod kind;
mod read;
pub(crate) mod table;
mod write;

use clip_lab_store::Axis;

use crate::figure::{By, Form};

pub use find::{check, check_name, find, names, saved};
pub use kind::Kind;

/// The layout used when none is named, and on the screen that `run` shows.
const LIVE: &str = include_str!("../../../dashboards/live.toml");

/// A dashboard: views, of which the screen shows one at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Shown at the top.
    pub title: String,
    /// In the order of the keys that switch them; never empty.
    pub views: Vec<View>,
}

/// One screen full: rows of panels.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its name on the line of tabs.
    pub title: String,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// Panels side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its share of the height that is left over when every panel has what it needs.
    pub height: u16,
    /// From left to right.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows.
    pub kind: Kind,
    /// Its heading.
    pub title: String,
    /// Its share of the row's width.
    pub width: u16,
    /// For a line chart: the metrics drawn; `*` stands for anything.
    pub metrics: Vec<String>,
    /// For a line chart: the horizontal axis.
    pub x: Axis,
    /// For a line chart: the form of the vertical axis.
    pub y: Form,
    /// For a line chart: what makes runs a group; the first chart of a view that says so decides for all of them.
    pub group: By,
    /// For a line chart: half-life of the smoothing in steps, zero for none.
    pub smooth: f64,
}

impl Layout {
    /// The layout that is built in.
    ///
    /// # Panics
    /// Never: a test reads the embedded file.
    pub fn live() -> Layout {
        read_with("dashboards/live.toml", LIVE, &[]).expect("the embedded layout is read by a test")
    }

    /// Reads a layout; `name` is the file's name in messages. Its views may be taken over from [`Layout::live`].
    ///
    /// # Errors
    /// Every problem at once, each with its line and a caret, as text to print.
    pub fn parse(name: &str, text: &str) -> Result<Layout, String> {
        read_with(name, text, &Layout::live().views)
    }

    /// Every panel of every view, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> + Clone {
        self.views.iter().flat_map(View::panels)
    }

    /// How many line panels stand in the views before the one numbered `view`: charts are counted through all views.
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

fn read_with(name: &str, text: &str, ready: &[View]) -> Result<Layout, String> {
    read::layout(text, ready).map_err(|problems| clip_lab_problem::render(name, text, &problems, false))
}

/// Whether `metric` is meant by `pattern`, in which `*` stands for any characters.
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
    fn the_built_in_layout_is_sound() {
        assert!(Layout::parse("live.toml", LIVE).is_ok());
        assert!(Layout::live().panels().any(|panel| panel.kind == Kind::Runs));
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("val/*/hit@1", "val/retrieval/t2i/hit@1"));
        assert!(matches("*", "") && matches("a*", "a") && !matches("a*b", "a"));
        assert!(!matches("train/loss", "train/loss2"));
    }
}
