//! Crop geometry, as in Pillow and torchvision.

use anyhow::Result;
use image::RgbImage;

use crate::{Decoder, Interpolation, Resize};

/// A region of an image in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// From the left edge.
    pub left: u32,
    /// From the upper edge.
    pub top: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// The resolution at which a JPEG is decoded before it is resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Full resolution, as in Pillow and torchvision. Used for evaluation and for cached features.
    Full,
    /// The smallest of 1/8, 1/4, 1/2 and 1 that does not upscale the crop, by the decoder's scaled DCT: faster, with the
    /// decoder's own antialiasing. Used for random crops.
    Reduced,
}

/// A region of an image and the square it is resampled to, in one pass over only the pixels that it needs. Resizing
/// before cropping would take a gigabyte for a 1x5000 image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// The region, in fractions of pixels.
    pub(crate) window: Window,
    /// Whether the antialiasing filter must not read pixels outside the region.
    pub(crate) isolated: bool,
    /// The resolution to decode at.
    pub detail: Detail,
    /// Side of the square in pixels.
    pub side: u32,
    /// The interpolation filter.
    pub interpolation: Interpolation,
}

impl Crop {
    /// The deterministic evaluation crop of a `width` x `height` image: resizes the shorter side (or both, see `how`) to
    /// `resized` pixels, at least and by default `side`, then crops the centre, as torchvision does.
    pub fn middle(
        (width, height): (u32, u32),
        side: u32,
        resized: Option<u32>,
        how: Resize,
        interpolation: Interpolation,
    ) -> Self {
        let resized = resized.unwrap_or(side).max(side);
        let short = width.min(height).max(1);
        // torchvision rounds the longer side down.
        let becomes = |length: u32| match how {
            Resize::Shortest => u64::from(resized) * u64::from(length) / u64::from(short),
            Resize::Squash => resized.into(),
        };
        let (left, across) = middle(width, becomes(width), side);
        let (top, down) = middle(height, becomes(height), side);
        let window = Window { left, top, width: across, height: down };
        Self { window, isolated: false, detail: Detail::Full, side, interpolation }
    }

    /// Crops `area`, then resizes it to the square; reads no pixel outside of it.
    pub fn area(area: Area, side: u32, interpolation: Interpolation) -> Self {
        let [left, top, width, height] = [area.left, area.top, area.width, area.height].map(f64::from);
        let window = Window { left, top, width, height };
        Self { window, isolated: true, detail: Detail::Reduced, side, interpolation }
    }

    /// Crops a decoded image.
    ///
    /// # Errors
    /// If the image has no pixels.
    pub fn apply(&self, image: RgbImage) -> Result<RgbImage> {
        let mut decoder = Decoder::new()?;
        decoder.open(image.into())?.crop(self, &mut decoder)
    }

    /// The largest of 8, 4, 2 and 1 by which the decoded image can be reduced without upscaling the crop. libjpeg-turbo has
    /// fast paths for these factors.
    pub(crate) fn reduction(&self) -> u32 {
        if self.detail == Detail::Full {
            return 1;
        }
        let least = self.window.width.min(self.window.height) / f64::from(self.side.max(1));
        [8, 4, 2].into_iter().find(|reduce| least >= f64::from(*reduce)).unwrap_or(1)
    }
}

/// A region of an image in fractions of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Window {
    /// The window in an image reduced by the factor `reduce`.
    pub fn reduced(self, reduce: u32) -> Self {
        let [left, top, width, height] =
            [self.left, self.top, self.width, self.height].map(|value| value / f64::from(reduce));
        Self { left, top, width, height }
    }
}

/// Start and length of the centre crop on a side of `length` pixels that is resized to `resized` and cropped to `side`.
/// torchvision rounds the offset to the nearest even number.
fn middle(length: u32, resized: u64, side: u32) -> (f64, f64) {
    let offset = (resized.saturating_sub(side.into()) as f64 / 2.0).round_ties_even();
    let scale = f64::from(length) / resized.max(1) as f64;
    let start = offset * scale;
    (start, (f64::from(side) * scale).min(f64::from(length) - start))
}
