//! Encodes an image for a shard.

use std::io::Cursor;

use anyhow::{Result, bail};
use clip_lab_cli::{PackArgs, PackFormat};
use clip_lab_image_io::Decoder;
use clip_lab_plugin_api::Image;
use image::{ImageFormat, RgbImage, codecs::jpeg::JpegEncoder, imageops};

/// The bytes of an image and its file extension. A file that needs no resizing is copied unchanged.
///
/// # Errors
/// If it is not an image, or must be resized and cannot be decoded.
pub(super) fn encode_image(
    image: Image,
    args: &PackArgs,
    decoder: &mut Decoder,
) -> Result<(Vec<u8>, String)> {
    let max_side = args.resize.map_or(u32::MAX, |side| side.get());
    match image {
        Image::Encoded(bytes) if short_side(&bytes, decoder)? <= max_side => {
            let ending = ending(&bytes)?;
            Ok((bytes, ending.to_owned()))
        }
        // Raw pixels are encoded losslessly unless they are resized.
        Image::Pixels(pixels) if pixels.width().min(pixels.height()) <= max_side => {
            Ok((encoded(&pixels, PackFormat::Png, args.quality)?, "png".to_owned()))
        }
        large => {
            let pixels = resized(&large.decode()?, max_side);
            let ending = if args.format == PackFormat::Jpg { "jpg" } else { "png" };
            Ok((encoded(&pixels, args.format, args.quality)?, ending.to_owned()))
        }
    }
}

/// The shorter side, from the header. A JPEG is not decoded, but checked for truncation.
fn short_side(bytes: &[u8], decoder: &mut Decoder) -> Result<u32> {
    let (width, height) = decoder.open(Image::Encoded(bytes.to_vec()))?.size();
    Ok(width.min(height))
}

fn ending(bytes: &[u8]) -> Result<&'static str> {
    Ok(match image::guess_format(bytes)? {
        ImageFormat::Jpeg => "jpg",
        ImageFormat::Png => "png",
        ImageFormat::WebP => "webp",
        ImageFormat::Gif => "gif",
        ImageFormat::Bmp => "bmp",
        ImageFormat::Tiff => "tiff",
        other => bail!("unsupported format {other:?}: must be JPEG, PNG, WebP, GIF, BMP or TIFF"),
    })
}

/// Resizes the shorter side to `side` pixels.
fn resized(image: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let scale = f64::from(side) / f64::from(width.min(height));
    let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    imageops::resize(image, scaled(width), scaled(height), imageops::FilterType::CatmullRom)
}

fn encoded(pixels: &RgbImage, format: PackFormat, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        PackFormat::Jpg => pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))?,
        PackFormat::Png => pixels.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?,
    }
    Ok(bytes)
}
