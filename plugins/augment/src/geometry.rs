//! Sizes, crops and resampling, as Pillow and torchvision do them.
//!
//! Downscaling is antialiased: the filter grows with the factor. The libraries that trained today's checkpoints do
//! the same, and without it their features shift.

use anyhow::Result;
use clip_lab_api::{Interpolation, Resize};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images};
use image::{RgbImage, imageops};

/// The square picture of `size` pixels that an encoder sees when nothing is random: the middle of the picture whose
/// shorter side, or both, became `resized` pixels; left out or below `size`, that is `size`.
///
/// One pass over only those pixels that are kept: a 1x5000 picture would otherwise need a gigabyte on the way. Equal
/// to resizing first and cutting after, as torchvision does.
///
/// # Errors
/// When the resampler refuses the picture.
pub fn preprocess(
    picture: &RgbImage,
    size: u32,
    resized: Option<u32>,
    how: Resize,
    interpolation: Interpolation,
) -> Result<RgbImage> {
    let (width, height) = picture.dimensions();
    let resized = resized.unwrap_or(size).max(size);
    if [width, height, resized] == [size; 3] {
        return Ok(picture.clone());
    }
    let short = width.min(height).max(1);
    // torchvision rounds the longer side down.
    let becomes = |length: u32| match how {
        Resize::Shortest => u64::from(resized) * u64::from(length) / u64::from(short),
        Resize::Squash => resized.into(),
    };
    let (left, across) = middle(width, becomes(width), size);
    let (top, down) = middle(height, becomes(height), size);
    resample(picture, Window { left, top, width: across, height: down }, size, interpolation)
}

/// The picture at `size` x `size`, shapes distorted.
///
/// # Errors
/// When the resampler refuses the picture.
pub fn squash(picture: &RgbImage, size: u32, interpolation: Interpolation) -> Result<RgbImage> {
    preprocess(picture, size, None, Resize::Squash, interpolation)
}

/// Cuts out `width` x `height` pixels at (`left`, `top`), then squashes them: nothing outside the cut leaks in.
///
/// # Errors
/// When the resampler refuses the picture.
pub fn crop_squash(
    picture: &RgbImage,
    area: Area,
    size: u32,
    interpolation: Interpolation,
) -> Result<RgbImage> {
    let cut = imageops::crop_imm(picture, area.left, area.top, area.width, area.height).to_image();
    squash(&cut, size, interpolation)
}

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

/// A part of a picture in fractions of pixels.
struct Window {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// Where on a side of `length` pixels the middle begins and how long it is, when the side becomes `resized` and `size`
/// of that are kept. torchvision rounds the offset to the nearest even number.
fn middle(length: u32, resized: u64, size: u32) -> (f64, f64) {
    let offset = (resized.saturating_sub(size.into()) as f64 / 2.0).round_ties_even();
    let scale = f64::from(length) / resized.max(1) as f64;
    let start = offset * scale;
    (start, (f64::from(size) * scale).min(f64::from(length) - start))
}

fn resample(picture: &RgbImage, window: Window, size: u32, interpolation: Interpolation) -> Result<RgbImage> {
    let (width, height) = picture.dimensions();
    anyhow::ensure!(width > 0 && height > 0, "a picture of {width}x{height} pixels cannot be resized");
    let filter = match interpolation {
        Interpolation::Bilinear => FilterType::Bilinear,
        Interpolation::Bicubic => FilterType::CatmullRom,
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(
        window.left,
        window.top,
        window.width,
        window.height,
    );
    let source = images::ImageRef::new(width, height, picture.as_raw(), PixelType::U8x3)?;
    let mut target = RgbImage::new(size, size);
    let mut view = images::Image::from_slice_u8(size, size, &mut target, PixelType::U8x3)?;
    Resizer::new().resize(&source, &mut view, &options)?;
    Ok(target)
}
