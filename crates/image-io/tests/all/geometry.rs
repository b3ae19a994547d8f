//! Crop geometry against Pillow and torchvision, and on extreme shapes.

use clip_lab_image_io::{Crop, Decoder, Image, Interpolation, Resize};
use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::{Rgb, RgbImage, imageops};
use safetensors::SafeTensors;

/// The evaluation preprocessing.
fn preprocess(
    image: &RgbImage,
    size: u32,
    resized: Option<u32>,
    how: Resize,
    interpolation: Interpolation,
) -> anyhow::Result<RgbImage> {
    Crop::middle(image.dimensions(), size, resized, how, interpolation).apply(image.clone())
}

/// Pixels as `[3, H, W]`, the layout of the goldens.
fn channels_first(image: &RgbImage) -> Vec<u8> {
    (0..3).flat_map(|channel| image.pixels().map(move |pixel| pixel.0[channel])).collect()
}

#[test]
fn images_match_pillow() {
    let folder = clip_lab_testing::golden("preprocess");
    let bytes = std::fs::read(folder.join("io.safetensors")).unwrap();
    let goldens = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(goldens.len(), 16);
    let mut decoder = Decoder::new().unwrap();
    for (name, golden) in goldens.iter() {
        let (file, size) = name.rsplit_once('.').unwrap();
        let photo = decoder.open(Image::read(&folder.join(file)).unwrap()).unwrap();
        let size = size.parse().unwrap();
        let crop = Crop::middle(photo.size(), size, None, Resize::Shortest, Interpolation::Bicubic);
        let ours = photo.crop(&crop, &mut decoder).unwrap();
        let off: Vec<u8> =
            channels_first(&ours).iter().zip(golden.data()).map(|(a, b)| a.abs_diff(*b)).collect();
        let mean = off.iter().map(|off| f64::from(*off)).sum::<f64>() / off.len() as f64;
        let near = off.iter().filter(|off| **off <= 4).count() as f64 / off.len() as f64;
        eprintln!("{name}: mean {mean:.4}, within 4 levels {:.5}, most {:?}", near, off.iter().max());
        assert_eq!(off.len(), golden.data().len());
        assert!(mean <= 1.0 && near >= 0.999, "{name}: mean {mean}, within 4 levels {near}");
    }
}

/// An image whose every pixel differs from its neighbours.
fn busy(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let value = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503);
        Rgb([value as u8, (value >> 8) as u8, (value >> 16) as u8])
    })
}

/// Resizes to `resized` pixels, then crops: the reference for `preprocess`.
fn resize_then_crop(image: &RgbImage, size: u32, resized: u32, how: Resize) -> RgbImage {
    let (width, height) = image.dimensions();
    let short = width.min(height);
    let (across, down) = match how {
        Resize::Shortest => (resized * width / short, resized * height / short),
        Resize::Squash => (resized, resized),
    };
    let source = TypedImageRef::<U8x3>::from_buffer(width, height, image.as_raw()).unwrap();
    let mut whole = RgbImage::new(across, down);
    let mut target = TypedImage::<U8x3>::from_buffer(across, down, &mut whole).unwrap();
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    // `resize` would compile the kernels of all types of pixels, for minutes.
    Resizer::new().resize_typed(&source, &mut target, &options).unwrap();
    let offset = |length: u32| (f64::from(length - size) / 2.0).round_ties_even() as u32;
    imageops::crop_imm(&whole, offset(across), offset(down), size, size).to_image()
}

#[test]
fn cropping_first_equals_cropping_last() {
    let shapes = [(100, 77, 32), (77, 100, 32), (32, 32, 32), (50, 333, 64), (31, 30, 48), (500, 375, 224)];
    for (width, height, size) in shapes {
        let image = busy(width, height);
        // No margin, an odd one and an even one.
        let cases =
            [0, 7, 32].into_iter().flat_map(|margin| [(margin, Resize::Shortest), (margin, Resize::Squash)]);
        for (margin, how) in cases {
            let resized = size + margin;
            let stated = (resized > size).then_some(resized);
            let short = preprocess(&image, size, stated, how, Interpolation::Bicubic).unwrap();
            let long = resize_then_crop(&image, size, resized, how);
            let off = || short.as_raw().iter().zip(long.as_raw()).map(|(a, b)| a.abs_diff(*b));
            let mean = off().map(f64::from).sum::<f64>() / long.as_raw().len() as f64;
            let most = off().max();
            // The reference rounds its weights and between its passes, which shows on full-contrast noise; a misplaced
            // pixel would differ by far more.
            assert!(
                mean <= 0.5 && most <= Some(8),
                "{width}x{height} to {resized}, {size}, {how:?}: {mean}, {most:?}"
            );
        }
    }
}

#[test]
fn an_image_of_the_right_size_is_unchanged_without_a_margin() {
    let image = busy(32, 32);
    for how in [Resize::Shortest, Resize::Squash] {
        assert_eq!(preprocess(&image, 32, None, how, Interpolation::Bicubic).unwrap(), image);
        assert!(preprocess(&image, 32, Some(40), how, Interpolation::Bicubic).unwrap() != image);
    }
}

#[test]
fn one_colour_stays_that_colour_in_every_shape() {
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (2, 3), (7, 640), (1000, 999)] {
        let image = RgbImage::from_pixel(width, height, Rgb([7, 130, 255]));
        for how in [Resize::Shortest, Resize::Squash] {
            for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
                let square = preprocess(&image, 48, None, how, interpolation).unwrap();
                assert_eq!(square.dimensions(), (48, 48));
                assert!(
                    square.pixels().all(|pixel| *pixel == Rgb([7, 130, 255])),
                    "{width}x{height} {how:?}"
                );
            }
        }
    }
}

#[test]
fn an_image_without_pixels_is_an_error() {
    let error =
        preprocess(&RgbImage::new(0, 5), 32, None, Resize::Shortest, Interpolation::Bicubic).unwrap_err();
    assert!(error.to_string().contains("0x5"), "{error}");
}
