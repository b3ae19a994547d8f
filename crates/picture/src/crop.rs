//! Sizes and cuts, as Pillow and torchvision make them.

use anyhow::Result;
use image::RgbImage;

use crate::{Interpolation, Resize, Scratch};

/// A part of a picture in whole pixels.
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

/// How much of a JPEG is decoded for a square that is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every pixel, then resampled: what Pillow and torchvision do. Evaluation, and what is cached, begins here.
    Full,
    /// At the smallest of 1/8, 1/4, 1/2 and 1 that still has every pixel of the square, by the decoder's own transform,
    /// then resampled: faster, and as soft or sharp as the decoder makes it. Random cuts begin here.
    Enough,
}

/// A square to be made of a part of a picture, in one pass over only those pixels that it needs: a 1x5000 picture
/// resized first and cut after would need a gigabyte on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// The part, in fractions of pixels.
    pub(crate) window: Window,
    /// Whether nothing outside of the part may leak in over the antialiasing filter.
    pub(crate) isolated: bool,
    /// How much is decoded.
    pub detail: Detail,
    /// Side of the square in pixels.
    pub side: u32,
    /// How pixels between pixels are computed.
    pub interpolation: Interpolation,
}

impl Crop {
    /// What an encoder sees of a picture of `width` x `height` pixels when nothing is random: the middle of the picture
    /// whose shorter side, or both, became `resized` pixels; left out or below `side`, that is `side`. Equal to resizing
    /// first and cutting after, as torchvision does.
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

    /// `area` cut out, then squashed: nothing outside of it leaks in.
    pub fn area(area: Area, side: u32, interpolation: Interpolation) -> Self {
        let [left, top, width, height] = [area.left, area.top, area.width, area.height].map(f64::from);
        let window = Window { left, top, width, height };
        Self { window, isolated: true, detail: Detail::Enough, side, interpolation }
    }

    /// The square of a picture that is decoded.
    ///
    /// # Errors
    /// When it has no pixels.
    pub fn apply(&self, picture: RgbImage) -> Result<RgbImage> {
        let mut scratch = Scratch::new()?;
        scratch.open(picture.into())?.square(self, &mut scratch)
    }

    /// The largest of 8, 4, 2 and 1 by which the picture can be made smaller and the square still needs no pixel that is
    /// not there. libjpeg-turbo has fast paths for just these.
    pub(crate) fn reduction(&self) -> u32 {
        if self.detail == Detail::Full {
            return 1;
        }
        let least = self.window.width.min(self.window.height) / f64::from(self.side.max(1));
        [8, 4, 2].into_iter().find(|reduce| least >= f64::from(*reduce)).unwrap_or(1)
    }
}

/// A part of a picture in fractions of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Window {
    /// The window in a picture that is `reduce` times smaller.
    pub fn reduced(self, reduce: u32) -> Self {
        let [left, top, width, height] =
            [self.left, self.top, self.width, self.height].map(|value| value / f64::from(reduce));
        Self { left, top, width, height }
    }
}

/// Where on a side of `length` pixels the middle begins and how long it is, when the side becomes `resized` and `side`
/// of that are kept. torchvision rounds the offset to the nearest even number.
fn middle(length: u32, resized: u64, side: u32) -> (f64, f64) {
    let offset = (resized.saturating_sub(side.into()) as f64 / 2.0).round_ties_even();
    let scale = f64::from(length) / resized.max(1) as f64;
    let start = offset * scale;
    (start, (f64::from(side) * scale).min(f64::from(length) - start))
}
