//! Image files, good and bad.

use std::{fs, io::Cursor, path::Path};

use crate::common::{decode_error, photo};
use clip_lab_image_io::{Image, decode};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn invalid_files_are_named_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let error = decode_error(dir.path(), "text.png", b"a dog runs on grass");
    assert!(error.contains("not an image") && error.contains("a dog runs"), "{error}");
    assert!(decode_error(dir.path(), "empty.jpg", b"").contains("empty (0 bytes)"));
    assert!(decode_error(dir.path(), "one.jpg", b"\xff").contains("not an image"));
    let gone = format!("{:#}", clip_lab_image_io::open(&dir.path().join("gone.jpg")).unwrap_err());
    assert!(gone.contains("gone.jpg") && gone.contains("cannot be read"), "{gone}");
}

#[test]
fn a_truncated_image_is_an_error_at_any_length() {
    let dir = tempfile::tempdir().unwrap();
    let png =
        encoded(RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8 * 3, (x * y) as u8, 7])), ImageFormat::Png);
    for kept in [12, 40, png.len() / 2, png.len() * 9 / 10] {
        decode_error(dir.path(), "cut.png", &png[..kept]);
    }
    let Some(jpeg) = photo() else { return };
    assert!(decode(&jpeg).is_ok());
    for kept in [3, 20, 200, jpeg.len() / 10, jpeg.len() / 2, jpeg.len() * 99 / 100, jpeg.len() - 2] {
        decode_error(dir.path(), "cut.jpg", &jpeg[..kept]);
    }
}

#[test]
fn every_photograph_decodes() {
    for folder in ["photos", "flickr8k/Images"] {
        let Some(folder) = clip_lab_testing::data(folder) else { return };
        for entry in fs::read_dir(folder).unwrap().take(150) {
            let image = clip_lab_image_io::open(&entry.unwrap().path()).unwrap();
            assert!(image.width() > 1 && image.height() > 1);
        }
    }
}

#[test]
fn a_header_that_declares_an_enormous_image_is_rejected() {
    // A PNG whose header declares 60,000 x 60,000 pixels, with a valid checksum.
    let mut header = b"IHDR".to_vec();
    header.extend(60_000_u32.to_be_bytes());
    header.extend(60_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend(&header);
    png.extend(crc(&header).to_be_bytes());
    png.extend(b"\0\0\0\0IDAT");
    png.extend(crc(b"IDAT").to_be_bytes());
    let dir = tempfile::tempdir().unwrap();
    let error = decode_error(dir.path(), "bomb.png", &png);
    assert!(error.contains("60000x60000") && error.contains("100 million"), "{error}");
}

/// The checksum of PNG chunks.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 },
        )
    })
}

#[test]
fn the_format_is_detected_from_the_content() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("really_a_png.jpg");
    fs::write(&file, encoded(RgbImage::from_pixel(3, 2, Rgb([1, 2, 3])), ImageFormat::Png)).unwrap();
    assert_eq!(clip_lab_image_io::open(&file).unwrap().get_pixel(2, 1), &Rgb([1, 2, 3]));
}

#[test]
fn grey_16_bit_and_transparent_images_become_rgb() {
    let grey = encoded(GrayImage::from_pixel(2, 2, Luma([77])), ImageFormat::Png);
    assert_eq!(decode(&grey).unwrap().get_pixel(0, 0), &Rgb([77; 3]));
    let jpeg = encoded(GrayImage::from_pixel(16, 16, Luma([77])), ImageFormat::Jpeg);
    assert_eq!(decode(&jpeg).unwrap().get_pixel(3, 3), &Rgb([77; 3]));
    let deep: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_pixel(2, 2, Rgb([0xFFFF, 0x8080, 0]));
    assert_eq!(decode(&encoded(deep, ImageFormat::Png)).unwrap().get_pixel(1, 1), &Rgb([255, 128, 0]));
    let clear = encoded(RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 0])), ImageFormat::Png);
    assert_eq!(decode(&clear).unwrap().get_pixel(0, 0), &Rgb([255; 3]));
    let half: ImageBuffer<LumaA<u8>, _> = ImageBuffer::from_pixel(2, 2, LumaA([0, 128]));
    assert_eq!(decode(&encoded(half, ImageFormat::Png)).unwrap().get_pixel(0, 0), &Rgb([127; 3]));
}

#[test]
fn the_exif_orientation_is_applied() {
    let wide = RgbImage::from_fn(32, 16, |x, _| if x < 16 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) });
    let jpeg = encoded(wide, ImageFormat::Jpeg);
    // EXIF, big-endian, one entry: orientation (0x0112), short, one of them, 6 = turn right by 90 degrees.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut turned = jpeg[..2].to_vec();
    turned.extend([0xFF, 0xE1]);
    turned.extend((exif.len() as u16 + 2).to_be_bytes());
    turned.extend(exif);
    turned.extend(&jpeg[2..]);
    let image = decode(&turned).unwrap();
    assert_eq!(image.dimensions(), (16, 32));
    assert!(image.get_pixel(8, 4).0[0] > 200 && image.get_pixel(8, 28).0[2] > 200);
}

#[test]
fn only_regular_files_are_read() {
    let error = |path: &str| format!("{:#}", Image::read(Path::new(path)).unwrap_err());
    assert_eq!(error("/dev/zero"), "image /dev/zero cannot be read: a device, not a regular file");
    assert!(error("/").contains("a folder, not a regular file"));
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("x.jpg");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert!(error(fifo.to_str().unwrap()).contains("a FIFO, not a regular file"));
    let large = folder.path().join("large.png");
    fs::File::create(&large).unwrap().set_len(clip_lab_image_io::MAX_FILE_BYTES + 1).unwrap();
    assert!(error(large.to_str().unwrap()).contains("larger than 256 MiB"));
}
