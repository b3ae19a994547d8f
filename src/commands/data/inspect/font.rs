//! Draws text on images, in the font of exported charts (Ubuntu Light, from `epaint_default_fonts`).

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};
use anyhow::{Context as _, Result};
use image::{Rgb, RgbImage};

/// A font at a fixed size.
pub(super) struct Font {
    font: FontRef<'static>,
    size: PxScale,
}

impl Font {
    /// `size` is the line height in pixels.
    pub(super) fn new(size: f32) -> Result<Self> {
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).context("the font")?;
        Ok(Self { font, size: PxScale::from(size) })
    }

    /// Wraps text between words to at most `max_lines` lines of at most `width` pixels; longer text ends in an ellipsis.
    pub(super) fn wrapped(&self, text: &str, width: f32, max_lines: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        // Bounds the work for very long texts.
        for word in text.split_whitespace().take(max_lines * 64) {
            let line = lines.last().map_or("", String::as_str);
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer) <= width || line.is_empty() {
                lines.pop();
                lines.push(self.fitted(&longer, width));
            } else if lines.len() < max_lines {
                lines.push(self.fitted(word, width));
            } else {
                let last = lines.pop().unwrap_or_default();
                lines.push(self.fitted(&(last + " …"), width));
                break;
            }
        }
        lines
    }

    /// The line, truncated to `width` pixels.
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

    /// Draws a line with its upper left corner at (`x`, `y`).
    pub(super) fn draw(&self, on: &mut RgbImage, (x, y): (f32, f32), line: &str, colour: [u8; 3]) {
        let font = self.font.as_scaled(self.size);
        let (mut x, base) = (x, y + font.ascent());
        for letter in line.chars() {
            let mut glyph = font.scaled_glyph(letter);
            glyph.position = ab_glyph::point(x, base);
            x += font.h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                let (px, py) = (corner.x + dx as f32, corner.y + dy as f32);
                if px >= 0.0 && py >= 0.0 && (px as u32) < on.width() && (py as u32) < on.height() {
                    let below = on.get_pixel(px as u32, py as u32).0;
                    *on.get_pixel_mut(px as u32, py as u32) =
                        Rgb(blend(below, colour, coverage.clamp(0.0, 1.0)));
                }
            });
        }
    }
}

fn blend(below: [u8; 3], above: [u8; 3], alpha: f32) -> [u8; 3] {
    std::array::from_fn(|channel| {
        (f32::from(below[channel]) * (1.0 - alpha) + f32::from(above[channel]) * alpha).round() as u8
    })
}
