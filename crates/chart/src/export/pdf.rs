//! Converts an SVG to PDF with embedded fonts.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use svg2pdf::{ConversionOptions, PageOptions, usvg};

use super::font;

/// Resolution of the converter: one dot per point.
const DPI: f32 = 72.0;

/// The PDF of `svg`, at the size of the SVG. Ignores installed fonts.
///
/// # Errors
/// If the SVG cannot be parsed or converted.
pub fn pdf(svg: &str) -> Result<Vec<u8>> {
    let options = usvg::Options {
        // Lengths in millimetres become points.
        dpi: DPI,
        fontdb: Arc::new(font::database()),
        font_family: font::FAMILY.to_string(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).context("cannot convert the chart to PDF")?;
    svg2pdf::to_pdf(&tree, ConversionOptions::default(), PageOptions { dpi: DPI })
        .map_err(|error| anyhow!("cannot convert the chart to PDF: {error}"))
}
