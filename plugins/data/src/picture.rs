//! From the bytes of a file to pixels. What kind of picture it is, its first bytes say, never its name.

use std::{fs, io::Cursor, path::Path};

use anyhow::{Context, Result, bail, ensure};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

/// Pictures with more pixels than this are refused: a few kilobytes can claim to be terabytes.
pub const MOST_PIXELS: u64 = 100_000_000;

/// Reads a picture file, upright and in RGB.
///
/// # Errors
/// When it is missing, broken, cut short, too large or no picture; the message names it.
pub fn open(path: &Path) -> Result<RgbImage> {
    let bytes = fs::read(path).with_context(|| format!("picture {} cannot be read", path.display()))?;
    decode(&bytes).with_context(|| format!("picture {} cannot be used", path.display()))
}

/// Decodes JPEG, PNG, WebP, GIF (its first frame), BMP or TIFF: turned upright as its EXIF says, grey and 16 bits
/// made 8-bit RGB, transparent parts white.
///
/// # Errors
/// When the bytes are no such picture, or not all of one.
pub fn decode(bytes: &[u8]) -> Result<RgbImage> {
    ensure!(!bytes.is_empty(), "the file is empty (0 bytes)");
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let Some(format) = reader.format() else { bail!(stranger(bytes)) };
    reader.limits(limits());
    let mut decoder = reader.into_decoder().with_context(|| format!("its {format:?} header is broken"))?;
    let (width, height) = decoder.dimensions();
    ensure!(
        u64::from(width) * u64::from(height) <= MOST_PIXELS,
        "it claims {width}x{height} pixels, more than the {} million that are decoded",
        MOST_PIXELS / 1_000_000
    );
    ensure!(format != ImageFormat::Jpeg || is_whole(bytes), "the JPEG ends early: the file is cut short");
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)
        .with_context(|| format!("its {format:?} data is broken or cut short"))?;
    picture.apply_orientation(orientation);
    Ok(on_white(picture))
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

/// Whether a JPEG goes on to its end marker. The decoder fills what is missing with grey and says nothing.
fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some((place, code)) = marker(bytes, at) {
        at = match code {
            0xD9 => return true,
            0x01 | 0xD8 => place + 2,
            _ => place + 2 + length(bytes, place + 2),
        };
    }
    false
}

/// The next marker at or after `from`, passing over stuffed and restart bytes within a scan.
fn marker(bytes: &[u8], from: usize) -> Option<(usize, u8)> {
    let pairs = bytes.get(from..)?.windows(2);
    let found =
        pairs.enumerate().find(|(_, pair)| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF));
    found.map(|(offset, pair)| (from + offset, pair[1]))
}

/// Length of the segment at `at`, its own two bytes included.
fn length(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).map_or(2, |two| usize::from(u16::from_be_bytes([two[0], two[1]])).max(2))
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
