//! From the bytes of a file to all its pixels. What kind of picture it is, its first bytes say, never its name.

use std::{io::Cursor, path::Path};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::Room;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use crate::{Picture, Scratch};

/// Pictures with more pixels than this are refused: a few kilobytes can claim to be terabytes.
pub const MOST_PIXELS: u64 = 100_000_000;

/// Reads a picture file, upright and in RGB.
///
/// # Errors
/// When it is missing, broken, cut short, too large or no picture; the message names it.
pub fn open(path: &Path) -> Result<RgbImage> {
    Picture::read(path)?.decode().with_context(|| format!("picture {} cannot be used", path.display()))
}

/// Decodes JPEG, PNG, WebP, GIF (its first frame), BMP or TIFF: turned upright as its EXIF says, grey and 16 bits
/// made 8-bit RGB, transparent parts white.
///
/// # Errors
/// When the bytes are no such picture, or not all of one.
pub fn decode(bytes: &[u8]) -> Result<RgbImage> {
    let mut scratch = Scratch::new()?;
    scratch.open(Picture::Encoded(bytes.to_vec()))?.whole(&mut scratch)
}

/// As [`decode`], for what libjpeg-turbo does not read; with the memory that it takes.
pub fn other(bytes: &[u8]) -> Result<(RgbImage, Room)> {
    ensure!(!bytes.is_empty(), "the file is empty (0 bytes)");
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let Some(format) = reader.format() else { bail!(stranger(bytes)) };
    reader.limits(limits());
    let mut decoder = reader.into_decoder().with_context(|| header_broken(format))?;
    let (width, height) = decoder.dimensions();
    ensure_size(width, height)?;
    // As it is stored, and as 8 bits of red, green, blue and perhaps alpha.
    let each = u64::from(decoder.color_type().bytes_per_pixel()) + 4 + 3;
    let room = Room::take(u64::from(width) * u64::from(height) * each);
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)
        .with_context(|| format!("its {format:?} data is broken or cut short"))?;
    picture.apply_orientation(orientation);
    Ok((on_white(picture), room))
}

fn header_broken(format: ImageFormat) -> String {
    format!("its {format:?} header is broken")
}

/// Refuses what claims too many pixels.
pub fn ensure_size(width: u32, height: u32) -> Result<()> {
    ensure!(
        u64::from(width) * u64::from(height) <= MOST_PIXELS,
        "it claims {width}x{height} pixels, more than the {} million that are decoded",
        MOST_PIXELS / 1_000_000
    );
    Ok(())
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    // Four channels of 16 bits each, once decoded and once on the way.
    limits.max_alloc = Some(MOST_PIXELS * 16);
    limits
}

/// What to say of bytes that no decoder knows.
fn stranger(bytes: &[u8]) -> String {
    let start: String = bytes.iter().take(16).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    let known = "JPEG, PNG, WebP, GIF, BMP and TIFF are read";
    format!("it is not a picture, whatever its name says: it begins with `{start}` ({known})")
}

fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [colour @ .., alpha] = picture.get_pixel(x, y).0;
        let alpha = u32::from(alpha);
        image::Rgb(colour.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
    })
}
