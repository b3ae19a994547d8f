//! Resampling, as Pillow does it.
//!
//! Downscaling is antialiased: the filter grows with the factor. The libraries that trained today's checkpoints do
//! the same, and without it their features shift.

use anyhow::{Result, ensure};
use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedCroppedImage, TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::RgbImage;

use crate::{
    Interpolation,
    crop::{Crop, Window},
    jpeg::Region,
};

/// Pixels in memory, and where in their picture they are.
pub struct Raster<'a> {
    pub pixels: &'a [u8],
    pub region: Region,
}

impl Raster<'_> {
    /// The square of `crop`, whose window is one of this picture, written into `square` (whose memory is used again).
    pub fn square(
        &self,
        crop: &Crop,
        window: Window,
        resizer: &mut Resizer,
        mut square: Vec<u8>,
    ) -> Result<RgbImage> {
        let Region { left, top, width, height } = self.region;
        ensure!(width > 0 && height > 0, "a picture of {width}x{height} pixels cannot be resized");
        let side = crop.side;
        square.resize(3 * side as usize * side as usize, 0);
        let source = TypedImageRef::<U8x3>::from_buffer(width, height, self.pixels)?;
        let mut target = TypedImage::<U8x3>::from_buffer(side, side, &mut square)?;
        let window = Window {
            left: (window.left - f64::from(left)).max(0.0),
            top: (window.top - f64::from(top)).max(0.0),
            ..window
        };
        if crop.isolated {
            let (x, y) = (window.left.floor() as u32, window.top.floor() as u32);
            let across = ((window.left + window.width).ceil() as u32).clamp(x + 1, width) - x;
            let down = ((window.top + window.height).ceil() as u32).clamp(y + 1, height) - y;
            let cut = TypedCroppedImage::from_ref(&source, x, y, across, down)?;
            let inner = Window { left: window.left.fract(), top: window.top.fract(), ..window };
            resizer.resize_typed(&cut, &mut target, &options(inner, across, down, crop.interpolation))?;
        } else {
            resizer.resize_typed(
                &source,
                &mut target,
                &options(window, width, height, crop.interpolation),
            )?;
        }
        RgbImage::from_raw(side, side, square)
            .ok_or_else(|| anyhow::anyhow!("a square of {side} pixels is too large"))
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
    // Cubic filters reach two pixels of the square, bilinear ones one; one more for the rounding.
    let support = match crop.interpolation {
        Interpolation::Bicubic => 2.0,
        Interpolation::Bilinear => 1.0,
    };
    let beyond =
        if crop.isolated { 0.0 } else { support * (length / f64::from(crop.side.max(1))).max(1.0) + 1.0 };
    let first = ((start - beyond).floor().max(0.0) as u32).min(side.saturating_sub(1));
    let end = ((start + length + beyond).ceil() as u32).clamp(first + 1, side.max(1));
    (first, end - first)
}

fn options(window: Window, width: u32, height: u32, interpolation: Interpolation) -> ResizeOptions {
    let filter = match interpolation {
        Interpolation::Bilinear => FilterType::Bilinear,
        Interpolation::Bicubic => FilterType::CatmullRom,
    };
    // Rounding must not push the window over the edge.
    let across = window.width.min(f64::from(width) - window.left);
    let down = window.height.min(f64::from(height) - window.top);
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(
        window.left,
        window.top,
        across,
        down,
    )
}
