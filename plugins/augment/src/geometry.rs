//! Sizes, crops and resampling, as Pillow and torchvision do them.
//!
//! Downscaling is antialiased: the filter grows with the factor. The libraries that trained today's checkpoints do
//! the same, and without it their features shift.

use anyhow::Result;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images};
use image::{RgbImage, imageops};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How pixels between pixels are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Straight lines; what most torchvision models were trained with.
    Bilinear,
    /// Cubic (a = -0.5, Pillow's); what CLIP, open_clip and timm use.
    #[default]
    Bicubic,
}

/// How a picture becomes a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// The shorter side gets the size, then the centre is cut out. Keeps shapes, loses the ends of the longer side.
    #[default]
    Shortest,
    /// Both sides get the size. Keeps everything, distorts shapes.
    Squash,
}

/// The square picture of `size` pixels that an encoder sees when nothing is random.
///
/// # Errors
/// When the resampler refuses the picture.
pub fn preprocess(picture: &RgbImage, size: u32, how: Resize, filter: Filter) -> Result<RgbImage> {
    match how {
        Resize::Shortest => shortest_centre(picture, size, filter),
        Resize::Squash => squash(picture, size, filter),
    }
}

/// The picture at `size` x `size`, shapes distorted.
///
/// # Errors
/// When the resampler refuses the picture.
pub fn squash(picture: &RgbImage, size: u32, filter: Filter) -> Result<RgbImage> {
    let (width, height) = picture.dimensions();
    resample(
        picture,
        Window { left: 0.0, top: 0.0, width: width.into(), height: height.into() },
        size,
        filter,
    )
}

/// Cuts out `width` x `height` pixels at (`left`, `top`), then squashes them: nothing outside the cut leaks in.
///
/// # Errors
/// When the resampler refuses the picture.
pub fn crop_squash(picture: &RgbImage, area: Area, size: u32, filter: Filter) -> Result<RgbImage> {
    let cut = imageops::crop_imm(picture, area.left, area.top, area.width, area.height).to_image();
    squash(&cut, size, filter)
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

/// Shortest side to `size` and the centre of it, in one pass over only those pixels that are kept: a 1x5000 picture
/// would otherwise need a gigabyte on the way. Equal to resizing first and cropping after.
fn shortest_centre(picture: &RgbImage, size: u32, filter: Filter) -> Result<RgbImage> {
    let (width, height) = picture.dimensions();
    let short = width.min(height);
    let (left, across) = centre(width, short, size);
    let (top, down) = centre(height, short, size);
    resample(picture, Window { left, top, width: across, height: down }, size, filter)
}

/// Where on a side of `length` pixels the centre begins and how long it is, when the side that is `short` becomes
/// `size`. torchvision rounds the resized length down and the offset to the nearest even number.
fn centre(length: u32, short: u32, size: u32) -> (f64, f64) {
    let resized = u64::from(size) * u64::from(length) / u64::from(short.max(1));
    let offset = ((resized.saturating_sub(size.into())) as f64 / 2.0).round_ties_even();
    let scale = f64::from(length) / resized.max(1) as f64;
    let start = offset * scale;
    (start, (f64::from(size) * scale).min(f64::from(length) - start))
}

fn resample(picture: &RgbImage, window: Window, size: u32, filter: Filter) -> Result<RgbImage> {
    let (width, height) = picture.dimensions();
    anyhow::ensure!(width > 0 && height > 0, "a picture of {width}x{height} pixels cannot be resized");
    if (width, height) == (size, size) {
        return Ok(picture.clone());
    }
    let filter = match filter {
        Filter::Bilinear => FilterType::Bilinear,
        Filter::Bicubic => FilterType::CatmullRom,
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
