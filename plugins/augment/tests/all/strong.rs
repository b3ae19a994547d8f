//! Strong augmentation of single images: `rand_augment` and `random_erasing`.

use clip_lab_plugin_api::{
    Augment, AugmentContext, Catalog, Plugin, Problems, Section, Settings, parse, rng,
};
use image::{Rgb, RgbImage};
use plugins_augment::{Filling, Op, RandAugment, RandomErasing};

fn built(settings: &impl Plugin<dyn Augment>) -> Box<dyn Augment> {
    settings.build(AugmentContext { image_size: 32 }).unwrap()
}

fn slope(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 200 / width + 30) as u8, (y * 150 / height) as u8, 90]))
}

fn problems(settings: &impl Settings) -> Vec<String> {
    let mut problems = Problems::default();
    settings.check(&mut problems);
    problems.found().iter().map(|(key, _)| key.clone()).collect()
}

#[test]
fn every_operation_keeps_the_size_of_every_shape() {
    for op in Op::ALL {
        let augment = built(&RandAugment { ops: vec![op], probability: 1.0, ..Default::default() });
        for (width, height) in [(1, 1), (1, 400), (400, 1), (2, 3), (17, 9)] {
            for index in 0..6 {
                let out = augment.apply(slope(width, height), &mut rng(0, 0, index)).unwrap();
                assert_eq!(out.dimensions(), (width, height), "{op:?}");
            }
        }
    }
}

#[test]
fn results_depend_on_the_generator_and_probability_zero_changes_nothing() {
    let augment = built(&RandAugment { probability: 1.0, ..Default::default() });
    let out = |index| augment.apply(slope(40, 30), &mut rng(1, 2, index)).unwrap();
    let differ = (0..20).filter(|&index| out(index) != out(index + 1)).count();
    assert!((0..20).all(|index| out(index) == out(index)) && differ >= 18, "{differ} of 20");
    for still in [
        RandAugment { probability: 0.0, ..Default::default() },
        RandAugment { layers: 0, ..Default::default() },
    ] {
        assert!(!still.properties().random);
        let still = built(&still);
        assert!(
            (0..20).all(|index| still.apply(slope(40, 30), &mut rng(0, 0, index)).unwrap() == slope(40, 30))
        );
    }
    assert!(RandAugment::default().properties().random && !RandAugment::default().properties().mixes);
}

#[test]
fn half_of_the_operations_are_left_out_at_a_probability_of_one_half() {
    let one = RandAugment { ops: vec![Op::Invert], layers: 1, ..Default::default() };
    let augment = built(&one);
    let changed =
        (0..1000).filter(|i| augment.apply(slope(5, 5), &mut rng(0, 0, *i)).unwrap() != slope(5, 5));
    assert!((420..580).contains(&changed.count()));
    let thrice = built(&RandAugment { layers: 3, probability: 1.0, ..one });
    let inverted = thrice.apply(slope(5, 5), &mut rng(0, 0, 0)).unwrap();
    assert_eq!(inverted.get_pixel(0, 0).0, slope(5, 5).get_pixel(0, 0).0.map(|value| 255 - value));
}

#[test]
fn a_larger_magnitude_moves_an_image_further() {
    // One bright column; its distance measures the strength of the operation.
    let column = RgbImage::from_fn(101, 1, |x, _| Rgb([if x == 50 { 255 } else { 0 }; 3]));
    let moved = |magnitude, index| {
        let ops = vec![Op::TranslateX];
        let settings =
            RandAugment { ops, layers: 1, probability: 1.0, magnitude, fill: [0; 3], ..Default::default() };
        let out = built(&settings).apply(column.clone(), &mut rng(0, 0, index)).unwrap();
        let (place, _) = out.pixels().enumerate().max_by_key(|(_, pixel)| pixel.0[0]).unwrap();
        (place as i64 - 50).abs()
    };
    for (magnitude, want) in [(2.0, 9), (5.0, 23), (9.0, 41)] {
        let all: Vec<i64> = (0..50).map(|index| moved(magnitude, index)).collect();
        let mean = all.iter().sum::<i64>() / 50;
        assert!((mean - want).abs() <= 2, "magnitude {magnitude}: {mean}, not {want}");
        assert!(all.iter().any(|place| *place != all[0]), "the magnitude varies");
    }
}

/// The erased fraction of an image of ones, and the image.
fn erased(settings: &RandomErasing, index: u64) -> (f64, Vec<f32>) {
    let side = 32;
    let mut pixels = vec![1.0; 3 * side * side];
    built(settings).after_normalise().unwrap().modify(&mut pixels, side, &mut rng(0, 0, index));
    let holes = (0..side * side).filter(|place| pixels[*place] != 1.0).count();
    (holes as f64 / (side * side) as f64, pixels)
}

#[test]
fn rectangles_have_the_given_probability_and_area() {
    for mode in [Filling::Const, Filling::Rand, Filling::Pixel] {
        let settings = RandomErasing { mode, ..Default::default() };
        let shares: Vec<f64> = (0..1000).map(|index| erased(&settings, index).0).collect();
        let hit = shares.iter().filter(|share| **share > 0.0);
        assert!((200..300).contains(&hit.count()), "{mode:?}");
        let whole = shares.iter().filter(|share| **share > 0.0).sum::<f64>() / 250.0;
        assert!(
            (0.12..0.24).contains(&whole) && shares.iter().all(|share| *share <= 0.37),
            "{mode:?}: {whole}"
        );
    }
}

#[test]
fn a_rectangle_is_the_same_in_all_three_channels() {
    let settings = RandomErasing { probability: 1.0, mode: Filling::Const, ..Default::default() };
    for index in 0..50 {
        let (share, pixels) = erased(&settings, index);
        let [red, green, blue] = [0, 1, 2].map(|channel| &pixels[channel * 1024..][..1024]);
        assert!(red == green && green == blue && pixels.iter().all(|value| *value == 0.0 || *value == 1.0));
        let rows: Vec<usize> = (0..32).filter(|y| red[y * 32..][..32].contains(&0.0)).collect();
        let columns: Vec<usize> = (0..32).filter(|x| (0..32).any(|y| red[y * 32 + x] == 0.0)).collect();
        assert_eq!((share * 1024.0).round() as usize, rows.len() * columns.len());
        let ratio = rows.len() as f64 / columns.len() as f64;
        assert!((0.2..5.0).contains(&ratio), "{ratio}");
    }
}

#[test]
fn rectangles_are_filled_with_one_colour_or_with_noise_of_deviation_one() {
    let fill = |mode, index| {
        let settings = RandomErasing { probability: 1.0, mode, ..Default::default() };
        let (_, pixels) = erased(&settings, index);
        pixels[..1024].iter().copied().filter(|value| *value != 1.0).collect::<Vec<f32>>()
    };
    let colour = fill(Filling::Rand, 3);
    assert!(colour.iter().all(|value| *value == colour[0]) && colour[0] != fill(Filling::Rand, 4)[0]);
    let noise: Vec<f32> = (0..40).flat_map(|index| fill(Filling::Pixel, index)).collect();
    let mean = noise.iter().sum::<f32>() / noise.len() as f32;
    let deviation =
        (noise.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / noise.len() as f32).sqrt();
    assert!(mean.abs() < 0.05 && (deviation - 1.0).abs() < 0.05, "{mean} {deviation}");
}

#[test]
fn several_rectangles_share_the_area_and_probability_zero_changes_nothing() {
    let settings = RandomErasing { probability: 1.0, count: 4, mode: Filling::Const, ..Default::default() };
    assert!((0..200).all(|index| erased(&settings, index).0 <= 0.37));
    let never = RandomErasing { probability: 0.0, ..Default::default() };
    assert!(!never.properties().random && (0..50).all(|index| erased(&never, index).0 == 0.0));
    assert_eq!(erased(&settings, 7), erased(&settings, 7));
    // An image of one pixel is too small for a rectangle.
    let mut pixels = [1.0; 3];
    built(&settings).after_normalise().unwrap().modify(&mut pixels, 1, &mut rng(0, 0, 0));
}

#[test]
fn specs_are_read_and_invalid_values_are_named() {
    let mut catalog = Catalog::default();
    plugins_augment::register(&mut catalog);
    let plan = |text: &str| {
        let section = Section::new("augment.0", 0..0, parse(text.to_owned()).unwrap());
        catalog.augment.plan(section).map_err(|problems| problems[0].message.clone())
    };
    assert!(plan("plugin = 'rand_augment'\nops = ['rotate', 'shear_x']\ninterpolation = 'bicubic'").is_ok());
    assert!(plan("plugin = 'random_erasing'\nmode = 'const'").is_ok());
    let error = plan("plugin = 'rand_augment'\nops = ['rotat']").unwrap_err();
    assert!(error.contains("got `rotat`") && error.contains("translate_y"), "{error}");
    assert!(problems(&RandAugment::default()).is_empty() && problems(&RandomErasing::default()).is_empty());
    assert_eq!(problems(&RandAugment { magnitude: 10.5, ..Default::default() }), ["magnitude"]);
    assert_eq!(problems(&RandAugment { magnitude_std: f64::NAN, ..Default::default() }), ["magnitude_std"]);
    assert_eq!(
        problems(&RandAugment { probability: -0.1, ops: vec![], ..Default::default() }),
        ["probability", "ops"]
    );
    assert_eq!(problems(&RandomErasing { area: [0.5, 0.2], ..Default::default() }), ["area"]);
    assert_eq!(
        problems(&RandomErasing { ratio: [0.0, 1.0], count: 0, ..Default::default() }),
        ["ratio", "count"]
    );
}
