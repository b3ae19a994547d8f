//! Drawings: as files, and inside of the page.

use anyhow::Result;
use clip_lab_board::{Size, export::svg, figure::Figure};

use super::model::Caption;

/// Millimetres; two stand beside each other on a desk, one below the other on a phone.
const SIZE: Size = Size { width_mm: 100.0, height_mm: 66.0, pixels: 1200 };

/// A drawing with what stands below it.
pub struct Drawing {
    /// Its words.
    pub caption: Caption,
    /// The document.
    pub svg: String,
    /// Its values, as CSV lines behind the name of the metric.
    pub figure: Figure,
}

impl Drawing {
    /// Curves.
    ///
    /// # Errors
    /// Those of the drawing.
    pub fn of_curves(file: &str, figure: &Figure) -> Result<Drawing> {
        let words = figure.notes.iter().chain(&figure.shaded).cloned().collect::<Vec<_>>().join("; ");
        let caption = Caption { file: file.to_owned(), title: figure.title.clone(), words };
        Ok(Drawing { caption, svg: svg(figure, SIZE)?, figure: figure.clone() })
    }

    /// The drawing as a part of a page: no sheet behind it, no address of a namespace, no title that pops up.
    pub fn inline(&self) -> String {
        let text = self.svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        let text = without(&without(&text, "metadata"), "title");
        text.replacen("fill=\"#FFFFFF\"", "fill=\"none\"", 1)
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
