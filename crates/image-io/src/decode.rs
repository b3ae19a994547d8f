//! Decodes whole images. The format is detected from the first bytes, not from the file name.

use std::{io::Cursor, path::Path};

use anyhow::{Context, Result, bail, ensure};
use clip_lab_files::MemoryReservation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use crate::{Decoder, Image};

/// The most pixels of an image: a header of a few bytes can declare terabytes.
pub const MAX_PIXELS: u64 = 100_000_000;

/// Reads and decodes an image file, upright and in RGB.
///
/// # Errors
/// If the file is missing, corrupt, truncated, too large or not an image; the message names it.
pub fn open(path: &Path) -> Result<RgbImage> {
    Image::read(path)?.decode().with_context(|| format!("image {} cannot be decoded", path.display()))
}

/// Decodes JPEG, PNG, WebP, GIF (its first frame), BMP or TIFF to 8-bit RGB: applies the EXIF orientation and blends
/// transparency onto white.
///
/// # Errors
/// If the bytes are in no supported format, corrupt or truncated.
pub fn decode(bytes: &[u8]) -> Result<RgbImage> {
    let mut decoder = Decoder::new()?;
    decoder.open(Image::Encoded(bytes.to_vec()))?.decode(&mut decoder)
}

/// As [`decode`], for formats that libjpeg-turbo does not read. Also returns the reservation of their memory.
pub fn decode_other(bytes: &[u8]) -> Result<(RgbImage, MemoryReservation)> {
    ensure!(!bytes.is_empty(), "the file is empty (0 bytes)");
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let Some(format) = reader.format() else { bail!(unknown_format(bytes)) };
    reader.limits(limits());
    let mut decoder = reader.into_decoder().with_context(|| corrupt_header(format))?;
    let (width, height) = decoder.dimensions();
    ensure_size(width, height)?;
    // Stored pixels, plus 8-bit RGBA and RGB.
    let each = u64::from(decoder.color_type().bytes_per_pixel()) + 4 + 3;
    let memory = MemoryReservation::acquire(u64::from(width) * u64::from(height) * each);
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)
        .with_context(|| format!("its {format:?} data is corrupt or truncated"))?;
    image.apply_orientation(orientation);
    Ok((on_white(image), memory))
}

fn corrupt_header(format: ImageFormat) -> String {
    format!("its {format:?} header is corrupt")
}

/// Checks the declared size against [`MAX_PIXELS`].
pub fn ensure_size(width: u32, height: u32) -> Result<()> {
    ensure!(
        u64::from(width) * u64::from(height) <= MAX_PIXELS,
        "its header declares {width}x{height} pixels, the limit is {} million",
        MAX_PIXELS / 1_000_000
    );
    Ok(())
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    // Four 16-bit channels, twice: the decoded image and the decoder's buffer.
    limits.max_alloc = Some(MAX_PIXELS * 16);
    limits
}

/// The message for bytes that no decoder recognises.
fn unknown_format(bytes: &[u8]) -> String {
    let start: String = bytes.iter().take(16).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    let supported = "JPEG, PNG, WebP, GIF, BMP and TIFF are supported";
    format!("it is not an image: the file begins with `{start}` ({supported})")
}

fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [colour @ .., alpha] = image.get_pixel(x, y).0;
        let alpha = u32::from(alpha);
        image::Rgb(colour.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
    })
}
