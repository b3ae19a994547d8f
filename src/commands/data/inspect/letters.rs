//! Text on pictures, in the font that exported charts have (Ubuntu Light, from `epaint_default_fonts`).

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};
use anyhow::{Context as _, Result};
use image::{Rgb, RgbImage};

/// A font at a size.
pub(super) struct Letters {
    font: FontRef<'static>,
    size: PxScale,
}

impl Letters {
    /// `size` is the height of a line in pixels.
    ///
    /// # Errors
    /// When the font cannot be read, which no user can bring about.
    pub(super) fn new(size: f32) -> Result<Self> {
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).context("the font")?;
        Ok(Self { font, size: PxScale::from(size) })
    }

    /// Text in at most `most` lines of at most `width` pixels, broken between words; what is too long ends in dots.
    pub(super) fn wrapped(&self, text: &str, width: f32, most: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        // More than fits any sheet is not measured.
        for word in text.split_whitespace().take(most * 64) {
            let line = lines.last().map_or("", String::as_str);
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer) <= width || line.is_empty() {
                lines.pop();
                lines.push(self.fitted(&longer, width));
            } else if lines.len() < most {
                lines.push(self.fitted(word, width));
            } else {
                let last = lines.pop().unwrap_or_default();
                lines.push(self.fitted(&(last + " …"), width));
                break;
            }
        }
        lines
    }

    /// A line with its last letters left away until it fits.
    pub(super) fn fitted(&self, line: &str, width: f32) -> String {
        let mut short: String = line.chars().take(400).collect();
        if short.len() == line.len() && self.width(&short) <= width {
            return short;
        }
        while self.width(&short) + self.width("…") > width && short.pop().is_some() {}
        short + "…"
    }

    fn width(&self, text: &str) -> f32 {
        let font = self.font.as_scaled(self.size);
        text.chars().map(|letter| font.h_advance(font.glyph_id(letter))).sum()
    }

    /// Draws a line whose upper left corner is at `x` and `y`.
    pub(super) fn draw(&self, on: &mut RgbImage, (x, y): (f32, f32), line: &str, colour: [u8; 3]) {
        let font = self.font.as_scaled(self.size);
        let (mut x, base) = (x, y + font.ascent());
        for letter in line.chars() {
            let mut glyph = font.scaled_glyph(letter);
            glyph.position = ab_glyph::point(x, base);
            x += font.h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                let (px, py) = (corner.x + dx as f32, corner.y + dy as f32);
                if px >= 0.0 && py >= 0.0 && (px as u32) < on.width() && (py as u32) < on.height() {
                    let below = on.get_pixel(px as u32, py as u32).0;
                    *on.get_pixel_mut(px as u32, py as u32) =
                        Rgb(mixed(below, colour, cover.clamp(0.0, 1.0)));
                }
            });
        }
    }
}

fn mixed(below: [u8; 3], above: [u8; 3], cover: f32) -> [u8; 3] {
    std::array::from_fn(|place| {
        (f32::from(below[place]) * (1.0 - cover) + f32::from(above[place]) * cover).round() as u8
    })
}
