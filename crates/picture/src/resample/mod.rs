//! Resampling, as Pillow does it.
//!
//! Downscaling is antialiased: the filter grows with the factor. The libraries that trained today's checkpoints do
//! the same, and without it their features shift. Pillow rounds to 8 bits between its two passes; this does not, so
//! that the two differ by a level here and there.

mod passes;
mod taps;

use anyhow::{Result, ensure};
use image::RgbImage;

use crate::{
    Interpolation,
    crop::{Crop, Window},
    jpeg::Region,
};

pub use passes::Rows;
use taps::Taps;

/// RGB pixels in memory, and where in their picture they are.
pub struct Raster<'a> {
    pub pixels: &'a [u8],
    pub region: Region,
}

impl Raster<'_> {
    /// The square of `crop`, whose window is one of this picture, written into `square` (whose memory is used again).
    pub fn square(&self, crop: &Crop, window: Window, rows: &mut Rows, square: Vec<u8>) -> Result<RgbImage> {
        let Region { left, top, width, height } = self.region;
        ensure!(width > 0 && height > 0, "a picture of {width}x{height} pixels cannot be resized");
        let side = crop.side;
        let across = Side { start: window.left - f64::from(left), length: window.width, pixels: width };
        let down = Side { start: window.top - f64::from(top), length: window.height, pixels: height };
        let mut square = square;
        square.resize(3 * side as usize * side as usize, 0);
        match across.same(side).zip(down.same(side)) {
            Some((left, top)) => self.copy(left, top, side as usize, &mut square),
            None => {
                let across = Taps::new(&across, side, crop);
                let down = Taps::new(&down, side, crop);
                rows.resample(self.pixels, width as usize, &across, &down, &mut square);
            }
        }
        RgbImage::from_raw(side, side, square)
            .ok_or_else(|| anyhow::anyhow!("a square of {side} pixels is too large"))
    }

    /// Pixels that already have the size.
    fn copy(&self, left: usize, top: usize, side: usize, square: &mut [u8]) {
        let pitch = 3 * self.region.width as usize;
        let rows = self.pixels.chunks_exact(pitch).skip(top);
        for (to, from) in square.chunks_exact_mut(3 * side).zip(rows) {
            to.copy_from_slice(&from[3 * left..][..3 * side]);
        }
    }
}

/// One side of the pixels in memory, and the window on it.
struct Side {
    start: f64,
    length: f64,
    pixels: u32,
}

impl Side {
    /// Where the window begins, if it is `side` whole pixels: nothing is computed then.
    fn same(&self, side: u32) -> Option<usize> {
        let whole = self.start.fract() == 0.0 && self.start >= 0.0 && self.length == f64::from(side);
        (whole && self.start + self.length <= f64::from(self.pixels)).then_some(self.start as usize)
    }
}

/// The pixels of a picture of `width` x `height` that the square of `crop` is made of, its window being `window` there.
pub fn needed(crop: &Crop, window: Window, width: u32, height: u32) -> Region {
    let (left, across) = reach(crop, window.left, window.width, width);
    let (top, down) = reach(crop, window.top, window.height, height);
    Region { left, top, width: across, height: down }
}

/// The first pixel on a side and their number, with those that the filter reaches beyond the window.
fn reach(crop: &Crop, start: f64, length: f64, side: u32) -> (u32, u32) {
    let scale = (length / f64::from(crop.side.max(1))).max(1.0);
    // One more than the filter's reach, for the rounding.
    let beyond = if crop.isolated { 0.0 } else { taps::support(crop.interpolation) * scale + 1.0 };
    let first = ((start - beyond).floor().max(0.0) as u32).min(side.saturating_sub(1));
    let end = ((start + length + beyond).ceil() as u32).clamp(first + 1, side.max(1));
    (first, end - first)
}
