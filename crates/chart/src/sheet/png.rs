//! Renders a sheet as PNG: text and frames through an SVG, as charts, then the images on top.

use std::{fmt::Write as _, io::Cursor};

use anyhow::{Context, Result, ensure};
use image::{ImageFormat, RgbaImage, imageops};

use super::{Block, Cell, Sheet};
use crate::export::{
    Size,
    font::{FAMILIES, width},
    png,
    svg::escaped,
};

/// Width, and maximum height, in pixels.
const WIDE: f64 = 1600.0;
const MAX_HEIGHT: f64 = 20_000.0;
/// Outer margin, and gap between images.
const MARGIN: f64 = 24.0;
const GAP: f64 = 12.0;
/// Maximum images per row.
const COLUMNS: usize = 10;
/// Font sizes in pixels.
const TITLE: f64 = 26.0;
const HEAD: f64 = 20.0;
const SMALL: f64 = 13.0;
/// Colours of text, secondary text, and the frame of a correct match.
const INK: &str = "#202020";
const FAINT: &str = "#6a6a6a";
const RIGHT: &str = "#009e73";

/// The sheet as a PNG file.
///
/// # Errors
/// If it would be too high, or does not fit into memory.
pub fn png(sheet: &Sheet) -> Result<Vec<u8>> {
    let drawn = Drawing::of(sheet)?;
    let paper = png::png(&drawn.document(), Size { pixels: WIDE as u32, ..Size::default() })?;
    let mut paper =
        image::load_from_memory(&paper).context("cannot read back the rendered sheet")?.into_rgba8();
    drawn.images.iter().for_each(|(bytes, place)| overlay(bytes, *place, &mut paper));
    let mut out = Cursor::new(Vec::new());
    paper.write_to(&mut out, ImageFormat::Png).context("cannot encode the sheet as PNG")?;
    Ok(out.into_inner())
}

/// Left, top, width, height.
type Place = (f64, f64, f64, f64);

/// The drawing so far, down to `y`.
struct Drawing<'a> {
    body: String,
    y: f64,
    images: Vec<(&'a [u8], Place)>,
}

impl<'a> Drawing<'a> {
    fn of(sheet: &'a Sheet) -> Result<Self> {
        let mut drawn = Self { body: String::new(), y: MARGIN, images: Vec::new() };
        drawn.line(&sheet.title, TITLE, INK)?;
        drawn.line(&sheet.note, SMALL, FAINT)?;
        let cells = sheet.blocks.iter().map(|block| block.cells.len() + usize::from(block.query.is_some()));
        let columns = cells.max().unwrap_or(1).clamp(4, COLUMNS);
        sheet.blocks.iter().try_for_each(|block| drawn.block(block, columns))?;
        drawn.y += MARGIN;
        ensure!(
            drawn.y <= MAX_HEIGHT,
            "the sheet would be {:.0} pixels high, more than {MAX_HEIGHT}: reduce the number of results, or write an .html",
            drawn.y
        );
        Ok(drawn)
    }

    fn document(&self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDE}\" height=\"{}\" font-family=\"{FAMILIES}\">\n{}</svg>",
            self.y.ceil(),
            self.body
        )
    }

    /// Draws a line of text, truncated at the margin; nothing for an empty text.
    fn line(&mut self, text: &str, size: f64, colour: &str) -> Result<()> {
        if !text.is_empty() {
            self.y += size * 1.25;
            self.text(text, (MARGIN, self.y - size * 0.3), size, (colour, WIDE - 2.0 * MARGIN))?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str, (x, y): (f64, f64), size: f64, (colour, room): (&str, f64)) -> Result<()> {
        let text = escaped(&cut(text, size, room)?);
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{colour}\">{text}</text>"
        );
        Ok(())
    }

    fn frame(&mut self, (x, y, wide, high): Place, colour: &str, thick: f64) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"none\" stroke=\"{colour}\" \
             stroke-width=\"{thick}\"/>"
        );
    }

    fn block(&mut self, block: &'a Block, columns: usize) -> Result<()> {
        self.y += GAP;
        self.line(&block.head, HEAD, INK)?;
        self.line(&block.note, SMALL, FAINT)?;
        self.y += GAP / 2.0;
        let wide = (WIDE - 2.0 * MARGIN + GAP) / columns as f64 - GAP;
        let (high, below) = (wide * 0.75, SMALL * 2.8);
        let row = high + below + GAP;
        let x = |place: usize| MARGIN + (place % columns) as f64 * (wide + GAP);
        let first = usize::from(block.query.is_some());
        if let Some(query) = &block.query {
            self.images.push((query, (MARGIN, self.y, wide, high)));
            self.text("query", (MARGIN, self.y + high + SMALL * 1.2), SMALL, (FAINT, wide))?;
        }
        if block.of_texts() {
            return self.texts(block, x(first), row * first as f64);
        }
        for (cell, place) in block.cells.iter().zip(first..) {
            let y = self.y + (place / columns) as f64 * row;
            self.cell(cell, (x(place), y, wide, high))?;
        }
        self.y += (block.cells.len() + first).div_ceil(columns) as f64 * row;
        Ok(())
    }

    fn cell(&mut self, cell: &'a Cell, place: Place) -> Result<()> {
        let (x, y, wide, high) = place;
        match &cell.jpeg {
            Some(jpeg) => self.images.push((jpeg, place)),
            None => self.frame(place, FAINT, 1.0),
        }
        if cell.right == Some(true) {
            self.frame((x - 3.0, y - 3.0, wide + 6.0, high + 6.0), RIGHT, 3.0);
        }
        self.text(&cell.label(), (x, y + high + SMALL * 1.2), SMALL, (INK, wide))?;
        let name = cell.text.rsplit('/').next().unwrap_or_default();
        self.text(name, (x, y + high + SMALL * 2.4), SMALL, (FAINT, wide))
    }

    /// Captions, one line each, beside the query image; at least `least` high.
    fn texts(&mut self, block: &Block, x: f64, least: f64) -> Result<()> {
        let step = SMALL * 1.5;
        for (cell, nth) in block.cells.iter().zip(1_u32..) {
            let colour = if cell.right == Some(true) { RIGHT } else { INK };
            let right = if cell.right == Some(true) { "  right" } else { "" };
            let text = format!("{}{right}   {}", cell.label(), cell.text);
            self.text(&text, (x, self.y + f64::from(nth) * step), SMALL, (colour, WIDE - MARGIN - x))?;
        }
        self.y += (block.cells.len() as f64 * step + GAP).max(least);
        Ok(())
    }
}

/// Truncates `text` to `room` pixels, with an ellipsis.
fn cut(text: &str, size: f64, room: f64) -> Result<String> {
    if width(text, size)? <= room {
        return Ok(text.to_owned());
    }
    let mut kept: Vec<char> = text.chars().collect();
    // A letter is at least a tenth of its size wide: bounds the loop below.
    kept.truncate((room / size * 10.0) as usize);
    while !kept.is_empty() && width(&(kept.iter().collect::<String>() + "…"), size)? > room {
        kept.pop();
    }
    Ok(kept.into_iter().collect::<String>() + "…")
}

/// Draws an image centred in its place, scaled to fit; leaves the place empty if it cannot be decoded.
fn overlay(bytes: &[u8], (x, y, wide, high): Place, paper: &mut RgbaImage) {
    let Ok(image) = image::load_from_memory(bytes) else { return };
    let small = image.resize(wide as u32, high as u32, imageops::FilterType::Triangle).into_rgba8();
    let left = x + (wide - f64::from(small.width())) / 2.0;
    let top = y + (high - f64::from(small.height())) / 2.0;
    imageops::overlay(paper, &small, left as i64, top as i64);
}
