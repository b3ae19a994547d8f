//! Decoding a region of a JPEG equals the same region of the whole image.

use std::{fs, path::PathBuf};

use clip_lab_image_io::{Area, Crop, Decoder, Detail, Image, Interpolation, Normalise, Sink};
use image::{RgbImage, imageops};
use proptest::prelude::*;

fn photos() -> Option<Vec<PathBuf>> {
    let folder = clip_lab_testing::data("photos")?;
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files)
}

/// Mean and largest difference in levels.
fn difference(a: &RgbImage, b: &RgbImage) -> (f64, u8) {
    assert_eq!(a.dimensions(), b.dimensions());
    let off = || a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| a.abs_diff(*b));
    (off().map(f64::from).sum::<f64>() / a.as_raw().len() as f64, off().max().unwrap_or(0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_part_is_that_part_of_the_whole(
        file in 0..20_usize,
        edges in proptest::array::uniform4(0.0..1.0_f64),
        side in 8..200_u32,
    ) {
        let Some(files) = photos() else { return Ok(()) };
        let whole = clip_lab_image_io::open(&files[file]).unwrap();
        let (width, height) = whole.dimensions();
        let span = |a: f64, b: f64, length: u32| {
            let start = (a * f64::from(length - 1)) as u32;
            (start, 1 + (b * f64::from(length - start - 1)) as u32)
        };
        let ((left, across), (top, down)) = (span(edges[0], edges[1], width), span(edges[2], edges[3], height));
        let area = Area { left, top, width: across, height: down };
        let mut crop = Crop::area(area, side, Interpolation::Bicubic);
        crop.detail = Detail::Full;
        let mut decoder = Decoder::new().unwrap();
        let opened = decoder.open(Image::read(&files[file]).unwrap()).unwrap();
        let part = opened.crop(&crop, &mut decoder).unwrap();
        let cut = imageops::crop_imm(&whole, left, top, across, down).to_image();
        let squashed = Crop::area(Area { left: 0, top: 0, ..area }, side, Interpolation::Bicubic);
        let (mean, _) = difference(&part, &squashed.apply(cut).unwrap());
        // At the right edge of a region, chroma at half the resolution lacks one neighbour.
        let narrow = across.min(down) < 16;
        prop_assert!(mean <= if narrow { 8.0 } else { 0.5 }, "{area:?} to {side}: {mean}");
    }
}

#[test]
fn reduced_decoding_looks_the_same() {
    let Some(files) = photos() else { return };
    let mut decoder = Decoder::new().unwrap();
    let (mut sum, mut reduced) = (0.0, 0);
    for file in files.iter().take(60) {
        let opened = decoder.open(Image::read(file).unwrap()).unwrap();
        let (width, height) = opened.size();
        let mut crop = Crop::area(Area { left: 0, top: 0, width, height }, 96, Interpolation::Bicubic);
        let fast = opened.crop(&crop, &mut decoder).unwrap();
        crop.detail = Detail::Full;
        let full = opened.crop(&crop, &mut decoder).unwrap();
        reduced += u32::from(fast != full);
        sum += difference(&fast, &full).0;
    }
    let mean = sum / 60.0;
    eprintln!(
        "at 96 pixels: mean difference {mean:.2} levels, {reduced} of 60 images decoded at reduced size"
    );
    assert!(reduced > 50 && mean < 4.0, "{mean} levels, {reduced} images");
}

#[test]
fn chroma_resampled_at_its_stored_resolution_looks_the_same() {
    let Some(files) = photos() else { return };
    let mut decoder = Decoder::new().unwrap();
    let (mut worst, mut shift) = (0.0_f64, 0.0_f64);
    for file in &files {
        let opened = decoder.open(Image::read(file).unwrap()).unwrap();
        let (width, height) = opened.size();
        // Large enough that no reduced decoding applies.
        let side = width.min(height) * 3 / 4;
        let area = Area { left: 3, top: 5, width: width - 7, height: height - 8 };
        let mut crop = Crop::area(area, side, Interpolation::Bicubic);
        let stored = opened.crop(&crop, &mut decoder).unwrap();
        crop.detail = Detail::Full;
        let computed = opened.crop(&crop, &mut decoder).unwrap();
        worst = worst.max(difference(&stored, &computed).0);
        let signed = |(a, b): (&u8, &u8)| f64::from(*a) - f64::from(*b);
        let sum: f64 = stored.as_raw().iter().zip(computed.as_raw()).map(signed).sum();
        shift = shift.max((sum / stored.as_raw().len() as f64).abs());
    }
    eprintln!(
        "{} photographs: mean difference at most {worst:.2} levels, brightness shift {shift:.3}",
        files.len()
    );
    assert!(worst > 0.0 && worst < 2.0 && shift < 0.2, "{worst} levels, {shift} in brightness");
}

#[test]
fn normalised_values_match_the_pixels() {
    let Some(files) = photos() else { return };
    let mut decoder = Decoder::new().unwrap();
    let normalise = Normalise::new([0.48, 0.45, 0.4], [0.26, 0.27, 0.28]);
    // 37 is a multiple of no block size.
    for (file, side) in files.iter().zip([37, 224, 1, 16].into_iter().cycle()).take(24) {
        let opened = decoder.open(Image::read(file).unwrap()).unwrap();
        let (width, height) = opened.size();
        let crop =
            Crop::area(Area { left: 0, top: 1, width, height: height - 1 }, side, Interpolation::Bilinear);
        let square = opened.crop(&crop, &mut decoder).unwrap();
        let mut want = vec![0.0; square.as_raw().len()];
        normalise.write(&square, &mut want);
        let mut found = vec![f32::NAN; want.len()];
        opened.crop_normalised(&crop, &normalise, &mut decoder, &mut found).unwrap();
        assert_eq!(found, want, "{} at {side}", file.display());
        assert!(opened.crop_normalised(&crop, &normalise, &mut decoder, &mut found[1..]).is_err());
        let mut bytes = vec![0; want.len()];
        opened.crop_to(&crop, &mut decoder, &mut Sink::Bytes(&mut bytes)).unwrap();
        assert_eq!(&bytes, square.as_raw(), "{} at {side}", file.display());
        assert!(opened.crop_to(&crop, &mut decoder, &mut Sink::Bytes(&mut bytes[1..])).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_files_are_errors_or_images(
        file in 0..100_usize,
        damage in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 1..8),
    ) {
        let Some(files) = photos() else { return Ok(()) };
        let mut bytes = fs::read(&files[file]).unwrap();
        for (place, byte) in damage {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] = byte;
        }
        let mut decoder = Decoder::new().unwrap();
        if let Ok(opened) = decoder.open(Image::Encoded(bytes)) {
            let (width, height) = opened.size();
            let crop = Crop::area(Area { left: 0, top: 0, width, height }, 64, Interpolation::Bicubic);
            if let Ok(square) = opened.crop(&crop, &mut decoder) {
                prop_assert_eq!(square.dimensions(), (64, 64));
            }
        }
    }
}

#[test]
fn reused_buffers_do_not_leak_the_last_image() {
    let Some(files) = photos() else { return };
    let mut used = Decoder::new().unwrap();
    for file in files.iter().take(12) {
        let square = |decoder: &mut Decoder| {
            let opened = decoder.open(Image::read(file).unwrap()).unwrap();
            let (width, height) = opened.size();
            let part = Area { left: width / 3, top: height / 4, width: width / 2, height: height / 2 };
            let most = Area { left: 2, top: 1, width: width - 2, height: height - 1 };
            [part, most]
                .map(|area| opened.crop(&Crop::area(area, 64, Interpolation::Bilinear), decoder).unwrap())
        };
        let (again, fresh) = (square(&mut used), square(&mut Decoder::new().unwrap()));
        assert_eq!(again, fresh, "{}", file.display());
        again.into_iter().for_each(|square| used.recycle(square));
    }
}

#[test]
fn normalised_values_match_the_formula() {
    let image = RgbImage::from_fn(19, 7, |x, y| image::Rgb([(x * 13) as u8, (y * 36) as u8, (x * y) as u8]));
    let (mean, std) = ([0.48, 0.45, 0.4], [0.26, 0.27, 0.28]);
    let mut out = vec![f32::NAN; 3 * 19 * 7];
    Normalise::new(mean, std).write(&image, &mut out);
    for (index, pixel) in image.pixels().enumerate() {
        for channel in 0..3 {
            let want = (f64::from(pixel.0[channel]) / 255.0 - mean[channel]) / std[channel];
            assert!((f64::from(out[channel * 19 * 7 + index]) - want).abs() < 1e-5);
        }
    }
}
