//! All augmentations: sizes, randomness and settings.

use clip_lab_image_io::{Decoder, Detail, Image};
use clip_lab_plugin_api::{
    Augment, AugmentContext, Catalog, Crop, Interpolation, Plugin, Problems, Resize, Settings, rng,
};
use image::{Rgb, RgbImage};
use plugins_augment::{ColorJitter, Decode, Flip, RandomResizedCrop, ResizeSettings};

const SIZE: u32 = 32;

fn built(settings: &impl Plugin<dyn Augment>) -> Box<dyn Augment> {
    settings.build(AugmentContext { image_size: SIZE }).unwrap()
}

fn slope(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 90]))
}

fn squash(image: RgbImage) -> RgbImage {
    let size = image.dimensions();
    Crop::middle(size, SIZE, None, Resize::Squash, Interpolation::Bicubic).apply(image).unwrap()
}

fn problems(settings: &impl Settings) -> Vec<String> {
    let mut problems = Problems::default();
    settings.check(&mut problems);
    problems.found().iter().map(|(key, _)| key.clone()).collect()
}

#[test]
fn all_are_registered() {
    let mut catalog = Catalog::default();
    plugins_augment::register(&mut catalog);
    let first = ["resize", "random_resized_crop", "flip", "color_jitter", "rand_augment"];
    assert_eq!(catalog.augment.names()[..5], first);
    assert_eq!(catalog.augment.names()[5..], ["random_erasing", "mixup", "cutmix"]);
}

#[test]
fn results_depend_on_the_generator_alone() {
    for augment in [
        built(&RandomResizedCrop { scale: [0.2, 0.9], ..Default::default() }),
        built(&ColorJitter { probability: 1.0, ..Default::default() }),
    ] {
        let out = |index| augment.apply(slope(60, 40), &mut rng(1, 2, index)).unwrap();
        assert_eq!(out(3), out(3));
        assert_ne!(out(3), out(4));
    }
}

#[test]
fn full_decoding_gives_the_pixels_of_the_decoded_file() {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    slope(640, 480).write_with_encoder(encoder).unwrap();
    let decoded = image::load_from_memory(&bytes).unwrap().into_rgb8();
    let mut decoder = Decoder::new().unwrap();
    let mut of = |decode| {
        let augment = built(&RandomResizedCrop { decode, ..Default::default() });
        let crop = augment.crop(640, 480, &mut rng(1, 2, 3)).unwrap();
        let file = decoder.open(Image::Encoded(bytes.clone())).unwrap().crop(&crop, &mut decoder).unwrap();
        (crop.detail, file, crop.apply(decoded.clone()).unwrap())
    };
    let (detail, file, whole) = of(Decode::Full);
    let difference = file.pixels().zip(whole.pixels()).map(|(a, b)| a.0[0].abs_diff(b.0[0])).max();
    // Decoders of JPEG round differently.
    assert!(detail == Detail::Full && difference <= Some(2), "{difference:?}");
    assert_eq!(of(Decode::Reduced).0, Detail::Reduced);
}

#[test]
fn squares_come_out_of_every_shape() {
    let augments = [
        built(&ResizeSettings::default()),
        built(&RandomResizedCrop { scale: [0.08, 1.0], ..Default::default() }),
    ];
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (2, 3), (33, 31), (640, 480)] {
        for augment in &augments {
            for index in 0..20 {
                let out = augment.apply(slope(width, height), &mut rng(0, 0, index)).unwrap();
                assert_eq!(out.dimensions(), (SIZE, SIZE), "{width}x{height}");
            }
        }
    }
}

#[test]
fn colour_and_flip_keep_the_size_of_every_shape() {
    let augments = [built(&Flip { probability: 1.0 }), built(&ColorJitter::default())];
    for (width, height) in [(1, 1), (1, 5000), (17, 9)] {
        for augment in &augments {
            for index in 0..20 {
                let out = augment.apply(slope(width, height), &mut rng(0, 0, index)).unwrap();
                assert_eq!(out.dimensions(), (width, height));
            }
        }
    }
}

#[test]
fn a_flip_mirrors_left_and_right_with_its_probability() {
    let image = slope(5, 3);
    let always = built(&Flip { probability: 1.0 }).apply(image.clone(), &mut rng(0, 0, 0)).unwrap();
    assert_eq!(always.get_pixel(0, 1), image.get_pixel(4, 1));
    let never = built(&Flip { probability: 0.0 }).apply(image.clone(), &mut rng(0, 0, 0)).unwrap();
    assert_eq!(never, image);
    let flip = built(&Flip::default());
    let flipped = (0..1000).filter(|i| flip.apply(image.clone(), &mut rng(0, 0, *i)).unwrap() != image);
    assert!((420..580).contains(&flipped.count()));
}

#[test]
fn a_crop_of_everything_is_the_squashed_image() {
    let whole = RandomResizedCrop { scale: [1.0, 1.0], ratio: [1.5, 1.5], ..Default::default() };
    let out = built(&whole).apply(slope(60, 40), &mut rng(0, 0, 0)).unwrap();
    let squashed = squash(slope(60, 40));
    assert_eq!(out, squashed);
}

#[test]
fn strengths_of_zero_change_nothing() {
    let still = ColorJitter { brightness: 0.0, contrast: 0.0, saturation: 0.0, hue: 0.0, probability: 1.0 };
    assert_eq!(built(&still).apply(slope(9, 9), &mut rng(0, 0, 0)).unwrap(), slope(9, 9));
    assert!(!still.properties().random);
}

#[test]
fn facts_declare_randomness() {
    assert!(!ResizeSettings::default().properties().random);
    assert!(RandomResizedCrop::default().properties().random);
    assert!(Flip::default().properties().random);
    assert!(!Flip { probability: 1.0 }.properties().random);
    assert!(ColorJitter::default().properties().random);
}

#[test]
fn invalid_values_are_named() {
    assert_eq!(problems(&Flip { probability: 1.5 }), ["probability"]);
    assert_eq!(problems(&Flip { probability: f64::NAN }), ["probability"]);
    assert_eq!(problems(&RandomResizedCrop { scale: [0.0, 1.0], ..Default::default() }), ["scale"]);
    assert_eq!(problems(&RandomResizedCrop { ratio: [2.0, 1.0], ..Default::default() }), ["ratio"]);
    assert_eq!(
        problems(&ColorJitter { hue: 0.6, contrast: -1.0, ..Default::default() }),
        ["contrast", "hue"]
    );
    assert!(
        problems(&ColorJitter::default()).is_empty() && problems(&RandomResizedCrop::default()).is_empty()
    );
}
