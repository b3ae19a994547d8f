//! Drawings: as files, and embedded in the page.

use anyhow::Result;
use clip_lab_chart::{
    Size,
    export::{forms::forest::forest, scene_svg, svg},
    figure::Figure,
};

use super::{hover::values, model::Caption};
use crate::{
    compare::Report,
    export::{blocks, intervals},
};

/// Width in millimetres of a drawing across the page.
const WIDE: f64 = 150.0;
/// Size of curves: two fit side by side on a wide screen.
const SIZE: Size = Size { width_mm: 100.0, height_mm: 66.0, pixels: 1200 };

/// A drawing with its caption.
pub struct Drawing {
    /// The caption.
    pub caption: Caption,
    /// The SVG document.
    pub svg: String,
    /// The same without notes, which the page shows below.
    bare: String,
    /// The curves, if it has any.
    pub figure: Option<Figure>,
}

impl Drawing {
    /// Draws curves.
    pub fn of_curves(file: &str, figure: &Figure) -> Result<Drawing> {
        let notes: Vec<String> = figure.notes.iter().chain(&figure.shaded).cloned().collect();
        let caption = Caption { file: file.to_owned(), title: figure.title.clone(), text: notes.join("; ") };
        let bare = Figure { notes: Vec::new(), shaded: None, ..figure.clone() };
        Ok(Drawing {
            caption,
            svg: svg(figure, SIZE)?,
            bare: svg(&bare, SIZE)?,
            figure: Some(figure.clone()),
        })
    }

    /// Draws the differences to the reference with their intervals; `None` if there are no differences.
    pub fn of_differences(report: &Report) -> Result<Option<Drawing>> {
        let compared = report.tables.iter().flat_map(|table| &table.rows).any(|row| row.difference.is_some());
        if !compared {
            return Ok(None);
        }
        let title = format!("Differences to {}", report.reference);
        let scene = forest(&blocks(report), &report.reference, WIDE)?;
        let svg = scene_svg(&scene, &title)?;
        let caption = Caption { file: "differences".to_owned(), title, text: intervals(report).join("; ") };
        Ok(Some(Drawing { caption, bare: svg.clone(), svg, figure: None }))
    }

    /// The SVG for the page: without background, namespace, metadata and tooltip.
    pub fn inline(&self) -> String {
        let text = self.bare.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        let text = without(&without(&text, "metadata"), "title");
        text.replacen("fill=\"#FFFFFF\"", "fill=\"none\"", 1)
    }
}

impl Drawing {
    /// Whether it belongs to the section of curves.
    pub fn is_curves(&self) -> bool {
        self.figure.is_some()
    }

    /// The data of the tooltips as JSON that is safe in HTML; empty without curves.
    pub fn values(&self) -> String {
        self.figure.as_ref().map_or_else(String::new, |figure| values(figure, &self.bare))
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
