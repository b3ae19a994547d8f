//! Drawings: as files, and embedded in the page.

use anyhow::Result;
use clip_lab_chart::{
    Size,
    export::{
        forms::forest::{difference_title, forest},
        scene_svg, svg,
    },
    figure::Figure,
};

use super::{hover::values, model::Caption};
use crate::{
    compare::Report,
    export::{blocks, intervals},
};

/// Width in millimetres of a drawing across a sheet of paper.
const WIDE: f64 = 150.0;
/// The same on the page, where it shrinks with the window and its text must stay readable.
const NARROW: f64 = 110.0;
/// Size of curves: two fit side by side on a wide screen.
const SIZE: Size = Size { width_mm: 100.0, height_mm: 66.0, pixels: 1200 };

/// The curves of a metric.
pub struct Curves {
    /// The metric.
    pub metric: String,
    /// The figure as drawn: titled as declared, shares in percent.
    pub drawn: Figure,
    /// The figure with the values as recorded.
    pub recorded: Figure,
}

/// A drawing with its caption.
pub struct Drawing {
    /// The caption.
    pub caption: Caption,
    /// The SVG document.
    pub svg: String,
    /// The same without notes, which the page shows below.
    bare: String,
    /// The curves, if it has any.
    pub curves: Option<Curves>,
}

impl Drawing {
    /// Draws curves.
    pub fn of_curves(file: &str, curves: Curves) -> Result<Drawing> {
        let figure = &curves.drawn;
        let notes: Vec<String> = figure.notes.iter().chain(&figure.shaded).cloned().collect();
        let caption = Caption {
            file: file.to_owned(),
            title: figure.title.clone(),
            metric: Some(curves.metric.clone()),
            text: notes.join("; "),
        };
        let bare = Figure { notes: Vec::new(), shaded: None, ..figure.clone() };
        Ok(Drawing { caption, svg: svg(figure, SIZE)?, bare: svg(&bare, SIZE)?, curves: Some(curves) })
    }

    /// Draws the differences, arm minus reference, with their intervals; `None` if there are no differences.
    pub fn of_differences(report: &Report) -> Result<Option<Drawing>> {
        let compared = report.tables.iter().flat_map(|table| &table.rows).any(|row| row.difference.is_some());
        if !compared {
            return Ok(None);
        }
        let title = difference_title(&report.reference);
        let drawn = |wide| scene_svg(&forest(&blocks(report), &report.reference, wide)?, &title);
        let svg = drawn(WIDE)?;
        // Long names and numbers may leave no room on a narrow sheet.
        let bare = drawn(NARROW).unwrap_or_else(|_| svg.clone());
        let (file, text) = ("differences".to_owned(), intervals(report).join("; "));
        let caption = Caption { file, title, metric: None, text };
        Ok(Some(Drawing { caption, bare, svg, curves: None }))
    }

    /// The SVG for the page: without background, namespace, metadata and tooltip.
    pub fn inline(&self) -> String {
        let text = self.bare.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        let text = without(&without(&text, "metadata"), "title");
        text.replacen("fill=\"#FFFFFF\"", "fill=\"none\"", 1)
    }

    /// Whether it belongs to the section of curves.
    pub fn is_curves(&self) -> bool {
        self.curves.is_some()
    }

    /// The data of the tooltips as JSON that is safe in HTML; empty without curves.
    pub fn values(&self) -> String {
        self.curves.as_ref().map_or_else(String::new, |curves| values(&curves.drawn, &self.bare))
    }
}

/// Removes the first element of that name.
fn without(text: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    match (text.find(&open), text.find(&close)) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &text[..from], &text[to + close.len()..]),
        _ => text.to_owned(),
    }
}
