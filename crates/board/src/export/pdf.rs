//! A PDF from the SVG, its fonts inside.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use svg2pdf::{ConversionOptions, PageOptions, usvg};

use super::font;

/// Dots in an inch that the converter counts with: those of a point.
const DPI: f32 = 72.0;

/// The PDF of `svg`, as large as the SVG says. Fonts of the machine are not looked at.
///
/// # Errors
/// When the drawing cannot be read back or converted.
pub fn pdf(svg: &str) -> Result<Vec<u8>> {
    let options = usvg::Options {
        // Lengths in millimetres become points.
        dpi: DPI,
        fontdb: Arc::new(font::database()),
        font_family: font::FAMILY.to_string(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).context("the chart could not be turned into a PDF")?;
    svg2pdf::to_pdf(&tree, ConversionOptions::default(), PageOptions { dpi: DPI })
        .map_err(|error| anyhow!("the chart could not be turned into a PDF: {error}"))
}
