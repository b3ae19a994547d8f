//! Drawings: as files, and inside of the page.

use anyhow::Result;
use clip_lab_board::{
    Size,
    export::{forms::forest::forest, scene_svg, svg},
    figure::Figure,
};

use super::{hover::values, model::Caption};
use crate::{
    compare::Report,
    export::{blocks, intervals},
};

/// Millimetres of a drawing that has a line to itself.
const WIDE: f64 = 150.0;
/// Millimetres; two stand beside each other on a desk, one below the other on a phone.
const SIZE: Size = Size { width_mm: 100.0, height_mm: 66.0, pixels: 1200 };

/// A drawing with what stands below it.
pub struct Drawing {
    /// Its words.
    pub caption: Caption,
    /// The document.
    pub svg: String,
    /// The same without the notes, which the page has below it.
    bare: String,
    /// The curves, where it is of curves.
    pub figure: Option<Figure>,
}

impl Drawing {
    /// Curves.
    ///
    /// # Errors
    /// Those of the drawing.
    pub fn of_curves(file: &str, figure: &Figure) -> Result<Drawing> {
        let notes: Vec<String> = figure.notes.iter().chain(&figure.shaded).cloned().collect();
        let caption = Caption { file: file.to_owned(), title: figure.title.clone(), words: notes.join("; ") };
        let bare = Figure { notes: Vec::new(), shaded: None, ..figure.clone() };
        Ok(Drawing {
            caption,
            svg: svg(figure, SIZE)?,
            bare: svg(&bare, SIZE)?,
            figure: Some(figure.clone()),
        })
    }

    /// The differences to the reference with their intervals; none where there is nothing to compare.
    ///
    /// # Errors
    /// Those of the drawing.
    pub fn of_differences(report: &Report) -> Result<Option<Drawing>> {
        let compared = report.tables.iter().flat_map(|table| &table.rows).any(|row| row.difference.is_some());
        if !compared {
            return Ok(None);
        }
        let title = format!("Differences to {}", report.reference);
        let scene = forest(&blocks(report), &report.reference, WIDE)?;
        let svg = scene_svg(&scene, &title)?;
        let caption = Caption { file: "differences".to_owned(), title, words: intervals(report).join("; ") };
        Ok(Some(Drawing { caption, bare: svg.clone(), svg, figure: None }))
    }

    /// The drawing as a part of a page: no sheet behind it, no address of a namespace, no title that pops up.
    pub fn inline(&self) -> String {
        let text = self.bare.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        let text = without(&without(&text, "metadata"), "title");
        text.replacen("fill=\"#FFFFFF\"", "fill=\"none\"", 1)
    }
}

impl Drawing {
    /// Whether it stands among the curves.
    pub fn is_curves(&self) -> bool {
        self.figure.is_some()
    }

    /// The values under the pointer, as JSON that may stand in a page; empty where there is nothing to point at.
    pub fn values(&self) -> String {
        self.figure.as_ref().map_or_else(String::new, |figure| values(figure, &self.bare))
    }
}

/// The document without its first element of that name.
fn without(text: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    match (text.find(&open), text.find(&close)) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &text[..from], &text[to + close.len()..]),
        _ => text.to_owned(),
    }
}
