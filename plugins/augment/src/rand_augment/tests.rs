//! Every operation compared with Pillow, and the scale of the magnitudes.

use clip_lab_plugin_api::Interpolation;
use image::{GenericImageView as _, Rgb, RgbImage};

use super::{Op, affine::Affine, change::Change, curve::Curve, sharpness::sharpen};
use crate::color_jitter::change::Change as Colour;

/// Pillow's results on `image()`, stacked vertically, and their names; written by `pillow.py` in the same folder.
const SHEET: &[u8] = include_bytes!("../../tests/rand_augment/pillow.png");
const LINES: &str = include_str!("../../tests/rand_augment/pillow.txt");
const FILL: [u8; 3] = [128, 90, 7];

fn image() -> RgbImage {
    let value = |x: u32, y: u32, c: u32| (20 + (x * 7 + y * 13 + c * 31 + x * y % 5 * 17) % 200) as u8;
    RgbImage::from_fn(24, 14, |x, y| Rgb([0, 1, 2].map(|c| value(x, y, c))))
}

fn change(op: &str, amount: f64) -> Change {
    let whole = amount as u32;
    match op {
        "auto_contrast" => Change::Curve(Curve::AutoContrast),
        "equalize" => Change::Curve(Curve::Equalize),
        "invert" => Change::Curve(Curve::Invert),
        "posterize" => Change::Curve(Curve::Posterize(whole)),
        "solarize" => Change::Curve(Curve::Solarize(whole)),
        "solarize_add" => Change::Curve(Curve::SolarizeAdd(whole)),
        "color" => Change::Colour(Colour::Saturation(amount)),
        "contrast" => Change::Colour(Colour::Contrast(amount)),
        "brightness" => Change::Colour(Colour::Brightness(amount)),
        "sharpness" => Change::Sharpness(amount),
        "rotate" => Change::Affine(Affine::Rotate(amount)),
        "shear_x" => Change::Affine(Affine::ShearX(amount)),
        "shear_y" => Change::Affine(Affine::ShearY(amount)),
        "translate_x" => Change::Affine(Affine::TranslateX(amount)),
        "translate_y" => Change::Affine(Affine::TranslateY(amount)),
        other => panic!("no operation {other}"),
    }
}

#[test]
fn every_operation_gives_the_pixels_of_pillow() {
    let sheet = image::load_from_memory(SHEET).unwrap().into_rgb8();
    let mut seen = std::collections::HashSet::new();
    for (line, row) in LINES.lines().zip((0..).step_by(14)) {
        let [op, amount, how] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let how = if how == "bicubic" { Interpolation::Bicubic } else { Interpolation::Bilinear };
        let ours = change(op, amount.parse().unwrap()).apply(image(), FILL, how);
        let golden = sheet.view(0, row, 24, 14).to_image();
        let off = ours.as_raw().iter().zip(golden.as_raw()).filter(|(a, b)| a != b).count();
        assert_eq!(off, 0, "{line}: {off} values differ of {}", golden.as_raw().len());
        seen.insert(op);
    }
    assert_eq!((seen.len(), sheet.height() as usize), (Op::ALL.len(), LINES.lines().count() * 14));
}

#[test]
fn magnitudes_mean_what_timm_says() {
    let change = |op: Op, level, other| format!("{:?}", op.at(level, other));
    for (op, level, other, want) in [
        (Op::Rotate, 0.9, false, "Affine(Rotate(27.0))"),
        (Op::Rotate, 0.9, true, "Affine(Rotate(-27.0))"),
        (Op::Posterize, 0.0, false, "Curve(Posterize(4))"),
        (Op::Posterize, 0.9, false, "Curve(Posterize(1))"),
        (Op::Posterize, 1.0, true, "Curve(Posterize(0))"),
        (Op::Solarize, 0.0, false, "Curve(Solarize(256))"),
        (Op::Solarize, 0.9, false, "Curve(Solarize(26))"),
        (Op::Solarize, 1.0, false, "Curve(Solarize(0))"),
        (Op::SolarizeAdd, 0.9, false, "Curve(SolarizeAdd(99))"),
        (Op::Brightness, 0.5, false, "Colour(Brightness(1.45))"),
        (Op::Contrast, 0.5, true, "Colour(Contrast(0.55))"),
        (Op::Color, 0.0, true, "Colour(Saturation(1.0))"),
        (Op::Sharpness, 1.0, false, "Sharpness(1.9)"),
        (Op::ShearX, 1.0, true, "Affine(ShearX(-0.3))"),
        (Op::ShearY, 0.5, false, "Affine(ShearY(0.15))"),
        (Op::TranslateX, 1.0, false, "Affine(TranslateX(0.45))"),
        (Op::TranslateY, 1.0, true, "Affine(TranslateY(-0.45))"),
        (Op::Invert, 0.0, false, "Curve(Invert)"),
    ] {
        assert_eq!(change(op, level, other), want);
    }
    assert!(
        matches!(Op::Color.at(1.0, true), Change::Colour(Colour::Saturation(factor)) if (factor - 0.1).abs() < 1e-12)
    );
}

#[test]
fn level_zero_is_the_identity() {
    for op in
        [Op::Rotate, Op::ShearX, Op::ShearY, Op::TranslateX, Op::TranslateY, Op::Brightness, Op::Sharpness]
    {
        for how in [Interpolation::Bilinear, Interpolation::Bicubic] {
            assert_eq!(op.at(0.0, false).apply(image(), FILL, how), image(), "{op:?}");
        }
    }
}

#[test]
fn small_images_by_hand() {
    let row = |values: [u8; 3]| RgbImage::from_fn(3, 1, |x, _| Rgb([values[x as usize]; 3]));
    let after = |change: Change, values| {
        let out = change.apply(row(values), [9; 3], Interpolation::Bilinear);
        [0, 1, 2].map(|x| out.get_pixel(x, 0).0[0])
    };
    // 254.99999999999997 is truncated, in Pillow too.
    assert_eq!(after(Change::Curve(Curve::AutoContrast), [100, 150, 200]), [0, 127, 254]);
    assert_eq!(after(Change::Curve(Curve::Posterize(0)), [100, 150, 255]), [0, 0, 0]);
    assert_eq!(after(Change::Curve(Curve::Posterize(2)), [100, 150, 255]), [64, 128, 192]);
    assert_eq!(after(Change::Curve(Curve::Solarize(150)), [100, 150, 255]), [100, 105, 0]);
    assert_eq!(after(Change::Curve(Curve::SolarizeAdd(110)), [127, 128, 20]), [237, 128, 130]);
    // A third of the width: one pixel to the left, filled from the right.
    assert_eq!(after(Change::Affine(Affine::TranslateX(1.0 / 3.0)), [100, 150, 200]), [150, 200, 9]);
    // One bright pixel in the centre of nine: 5 / 13 of it remain.
    let dot = RgbImage::from_fn(3, 3, |x, y| Rgb([if (x, y) == (1, 1) { 130 } else { 0 }; 3]));
    assert_eq!(sharpen(&dot, 0.0).get_pixel(1, 1).0, [50; 3]);
    assert_eq!(sharpen(&dot, 1.9).get_pixel(1, 1).0, [202; 3]);
}
