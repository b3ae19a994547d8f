//! A sheet as one PNG: words and frames by way of an SVG, as charts are; the pictures laid into their places after.

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

/// Pixels from left to right, and the most from top to bottom.
const WIDE: f64 = 1600.0;
const HIGHEST: f64 = 20_000.0;
/// White around everything, and between pictures.
const MARGIN: f64 = 24.0;
const GAP: f64 = 12.0;
/// Pictures side by side; more go into further rows.
const COLUMNS: usize = 10;
/// Sizes of letters in pixels.
const TITLE: f64 = 26.0;
const HEAD: f64 = 20.0;
const SMALL: f64 = 13.0;
/// Colours of words, of what is said beside them, and of the frame around a right answer.
const INK: &str = "#202020";
const FAINT: &str = "#6a6a6a";
const RIGHT: &str = "#009e73";

/// The sheet as a PNG file.
///
/// # Errors
/// When it would be too high, or there is no memory for it.
pub fn png(sheet: &Sheet) -> Result<Vec<u8>> {
    let drawn = Drawn::of(sheet)?;
    let paper = png::png(&drawn.document(), Size { pixels: WIDE as u32, ..Size::default() })?;
    let mut paper = image::load_from_memory(&paper).context("the sheet could not be read back")?.into_rgba8();
    drawn.pictures.iter().for_each(|(bytes, place)| lay(bytes, *place, &mut paper));
    let mut out = Cursor::new(Vec::new());
    paper.write_to(&mut out, ImageFormat::Png).context("the sheet could not be packed")?;
    Ok(out.into_inner())
}

/// Left, top, width, height.
type Place = (f64, f64, f64, f64);

/// What is drawn so far, down to `y`.
struct Drawn<'a> {
    body: String,
    y: f64,
    pictures: Vec<(&'a [u8], Place)>,
}

impl<'a> Drawn<'a> {
    fn of(sheet: &'a Sheet) -> Result<Self> {
        let mut drawn = Self { body: String::new(), y: MARGIN, pictures: Vec::new() };
        drawn.line(&sheet.title, TITLE, INK)?;
        drawn.line(&sheet.note, SMALL, FAINT)?;
        let cells = sheet.blocks.iter().map(|block| block.cells.len() + usize::from(block.asked.is_some()));
        let columns = cells.max().unwrap_or(1).clamp(4, COLUMNS);
        sheet.blocks.iter().try_for_each(|block| drawn.block(block, columns))?;
        drawn.y += MARGIN;
        ensure!(
            drawn.y <= HIGHEST,
            "the sheet would be {:.0} pixels high, more than {HIGHEST}: ask for fewer, or write an .html",
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

    /// A line of words, cut where the sheet ends; nothing for no words.
    fn line(&mut self, words: &str, size: f64, colour: &str) -> Result<()> {
        if !words.is_empty() {
            self.y += size * 1.25;
            self.words(words, (MARGIN, self.y - size * 0.3), size, (colour, WIDE - 2.0 * MARGIN))?;
        }
        Ok(())
    }

    fn words(
        &mut self,
        words: &str,
        (x, y): (f64, f64),
        size: f64,
        (colour, room): (&str, f64),
    ) -> Result<()> {
        let words = escaped(&cut(words, size, room)?);
        // Writing to memory does not fail.
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{colour}\">{words}</text>"
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
        let first = usize::from(block.asked.is_some());
        if let Some(asked) = &block.asked {
            self.pictures.push((asked, (MARGIN, self.y, wide, high)));
            self.words("query", (MARGIN, self.y + high + SMALL * 1.2), SMALL, (FAINT, wide))?;
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
            Some(jpeg) => self.pictures.push((jpeg, place)),
            None => self.frame(place, FAINT, 1.0),
        }
        if cell.right == Some(true) {
            self.frame((x - 3.0, y - 3.0, wide + 6.0, high + 6.0), RIGHT, 3.0);
        }
        self.words(&cell.label(), (x, y + high + SMALL * 1.2), SMALL, (INK, wide))?;
        let name = cell.words.rsplit('/').next().unwrap_or_default();
        self.words(name, (x, y + high + SMALL * 2.4), SMALL, (FAINT, wide))
    }

    /// Answers that are texts, a line each, beside the picture that asked; at least `least` high.
    fn texts(&mut self, block: &Block, x: f64, least: f64) -> Result<()> {
        let step = SMALL * 1.5;
        for (cell, nth) in block.cells.iter().zip(1_u32..) {
            let colour = if cell.right == Some(true) { RIGHT } else { INK };
            let right = if cell.right == Some(true) { "  right" } else { "" };
            let words = format!("{}{right}   {}", cell.label(), cell.words);
            self.words(&words, (x, self.y + f64::from(nth) * step), SMALL, (colour, WIDE - MARGIN - x))?;
        }
        self.y += (block.cells.len() as f64 * step + GAP).max(least);
        Ok(())
    }
}

/// As much of the words as `room` has pixels for, with an ellipsis where something is missing.
fn cut(words: &str, size: f64, room: f64) -> Result<String> {
    if width(words, size)? <= room {
        return Ok(words.to_owned());
    }
    let mut kept: Vec<char> = words.chars().collect();
    // Letters are at least a tenth of their size wide: measure no book.
    kept.truncate((room / size * 10.0) as usize);
    while !kept.is_empty() && width(&(kept.iter().collect::<String>() + "…"), size)? > room {
        kept.pop();
    }
    Ok(kept.into_iter().collect::<String>() + "…")
}

/// Lays a picture into the middle of its place, as large as fits; one that cannot be read leaves it empty.
fn lay(bytes: &[u8], (x, y, wide, high): Place, paper: &mut RgbaImage) {
    let Ok(picture) = image::load_from_memory(bytes) else { return };
    let small = picture.resize(wide as u32, high as u32, imageops::FilterType::Triangle).into_rgba8();
    let left = x + (wide - f64::from(small.width())) / 2.0;
    let top = y + (high - f64::from(small.height())) / 2.0;
    imageops::overlay(paper, &small, left as i64, top as i64);
}
