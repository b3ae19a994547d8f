//! A picture as it goes into a shard.

use std::io::Cursor;

use anyhow::{Result, bail};
use clip_lab_api::Picture;
use clip_lab_cli::{PackArgs, PackFormat};
use clip_lab_picture::Scratch;
use image::{ImageFormat, RgbImage, codecs::jpeg::JpegEncoder, imageops};

/// The bytes of a picture and their ending: untouched where it is a file and small enough.
///
/// # Errors
/// When it is no picture, or is to be made smaller and cannot be decoded.
pub(super) fn packed(picture: Picture, args: &PackArgs, scratch: &mut Scratch) -> Result<(Vec<u8>, String)> {
    let most = args.resize.map_or(u32::MAX, |side| side.get());
    match picture {
        Picture::Encoded(bytes) if short_side(&bytes, scratch)? <= most => {
            let ending = ending(&bytes)?;
            Ok((bytes, ending.to_owned()))
        }
        // Pixels that were never a file lose nothing unless they are asked to.
        Picture::Pixels(pixels) if pixels.width().min(pixels.height()) <= most => {
            Ok((encoded(&pixels, PackFormat::Png, args.quality)?, "png".to_owned()))
        }
        large => {
            let pixels = smaller(&large.decode()?, most);
            let ending = if args.format == PackFormat::Jpg { "jpg" } else { "png" };
            Ok((encoded(&pixels, args.format, args.quality)?, ending.to_owned()))
        }
    }
}

/// Of what the header says. Nothing of a JPEG is decoded; that it is whole is looked at, so that no broken picture is
/// handed on.
fn short_side(bytes: &[u8], scratch: &mut Scratch) -> Result<u32> {
    let (width, height) = scratch.open(Picture::Encoded(bytes.to_vec()))?.size();
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
        other => bail!("{other:?} is not packed; JPEG, PNG, WebP, GIF, BMP and TIFF are"),
    })
}

/// The picture whose shorter side has `side` pixels.
fn smaller(picture: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let scale = f64::from(side) / f64::from(width.min(height));
    let becomes = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    imageops::resize(picture, becomes(width), becomes(height), imageops::FilterType::CatmullRom)
}

fn encoded(pixels: &RgbImage, format: PackFormat, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        PackFormat::Jpg => pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))?,
        PackFormat::Png => pixels.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?,
    }
    Ok(bytes)
}
