//! Mixing the images of a batch: `mixup` and `cutmix`.

use clip_lab_plugin_api::prelude::tch::{Device, Kind, Tensor};
use clip_lab_plugin_api::{Augment, AugmentContext, Catalog, Plugin, Problems, Settings, rng};
use plugins_augment::{CutMix, Mixup};

const MIXED: &str = "a batch that is mixed";

fn built(settings: &impl Plugin<dyn Augment>) -> Box<dyn Augment> {
    settings.build(AugmentContext { image_size: 8 }).unwrap()
}

/// Image i has the constant value i, and class i.
fn batch(size: i64) -> (Tensor, Tensor) {
    let numbers = Tensor::arange(size, (Kind::Double, Device::Cpu));
    let images = numbers.view([size, 1, 1, 1]).expand([size, 3, 8, 10], false).contiguous();
    (images, Tensor::eye(size, (Kind::Double, Device::Cpu)))
}

fn mixed(augment: &dyn Augment, size: i64, index: u64) -> (Tensor, Tensor) {
    let (images, targets) = batch(size);
    augment.mix(&images, &targets, &mut rng(0, 0, index)).unwrap().expect(MIXED)
}

fn worst(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// For every batch: rows sum to one, shapes and kinds do not change, and each image's mean equals that of its targets.
fn holds(augment: &dyn Augment) {
    for (size, index) in [1, 2, 5, 8].into_iter().flat_map(|size| (0..25).map(move |index| (size, index))) {
        let (images, targets) = batch(size);
        let (mixed, soft) = augment.mix(&images, &targets, &mut rng(0, 0, index)).unwrap().expect(MIXED);
        assert_eq!((mixed.size(), mixed.kind()), (images.size(), images.kind()));
        assert_eq!((soft.size(), soft.kind()), (targets.size(), targets.kind()));
        assert!(
            worst(&soft.sum_dim_intlist(1, false, None), &Tensor::ones([size], (Kind::Double, Device::Cpu)))
                < 1e-12
        );
        assert!(soft.min().double_value(&[]) >= 0.0);
        // Image i has the value i, so pixel means must equal the target-weighted values.
        let numbers = Tensor::arange(size, (Kind::Double, Device::Cpu));
        let means = mixed.mean_dim([1i64, 2, 3].as_slice(), false, None);
        assert!(worst(&means, &soft.matmul(&numbers)) < 1e-12, "{size} images, batch {index}");
        assert_eq!((images, targets), batch(size), "the input is unchanged");
    }
}

#[test]
fn images_and_targets_are_mixed_alike() {
    for alpha in [0.2, 0.8, 1.0, 5.0] {
        holds(&*built(&Mixup { alpha, ..Default::default() }));
        holds(&*built(&CutMix { alpha, ..Default::default() }));
    }
}

#[test]
fn mixup_blends_every_image_with_its_mirror_in_the_batch_by_one_weight() {
    let (images, targets) = mixed(&*built(&Mixup::default()), 4, 1);
    let share = targets.double_value(&[0, 0]);
    assert!(0.0 < share && share < 1.0);
    for row in 0..4 {
        let partner = 3 - row;
        assert_eq!(targets.double_value(&[row, row]), share);
        assert!((targets.double_value(&[row, partner]) - (1.0 - share)).abs() < 1e-15);
        let want = share * row as f64 + (1.0 - share) * partner as f64;
        assert!(
            worst(&images.get(row), &Tensor::full([3, 8, 10], want, (Kind::Double, Device::Cpu))) < 1e-12
        );
    }
}

#[test]
fn cutmix_fills_one_box_from_the_mirror_and_counts_its_pixels() {
    for index in 0..60 {
        let (images, targets) = mixed(&*built(&CutMix::default()), 4, index);
        let foreign = images.get(0).get(0).eq(3.0);
        assert!(bool::try_from(images.get(0).eq(0.0).logical_or(&images.get(0).eq(3.0)).all()).unwrap());
        let count = |dim: i64| foreign.any_dim(dim, false).sum(Kind::Int64).int64_value(&[]);
        let pixels = foreign.sum(Kind::Int64).int64_value(&[]);
        assert_eq!(pixels, count(1) * count(0), "a box");
        assert!((targets.double_value(&[0, 3]) - pixels as f64 / 80.0).abs() < 1e-12);
    }
}

#[test]
fn shares_are_distributed_as_beta() {
    for (alpha, deviation) in [(1.0, 1.0 / 12.0_f64.sqrt()), (0.2, 0.5 / 1.4_f64.sqrt())] {
        let augment = built(&Mixup { alpha, ..Default::default() });
        let shares: Vec<f64> =
            (0..2000).map(|index| mixed(&*augment, 2, index).1.double_value(&[0, 0])).collect();
        let mean = shares.iter().sum::<f64>() / 2000.0;
        let spread = (shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
        assert!((mean - 0.5).abs() < 0.03 && (spread - deviation).abs() < 0.02, "{alpha}: {mean} {spread}");
    }
}

#[test]
fn the_smallest_and_largest_alphas_still_give_shares() {
    for alpha in [1e-300, 1e-6, 1e-3, 1e6] {
        for index in 0..50 {
            let share =
                mixed(&*built(&Mixup { alpha, ..Default::default() }), 2, index).1.double_value(&[0, 0]);
            assert!((0.0..=1.0).contains(&share), "{alpha}: {share}");
        }
    }
}

#[test]
fn probability_zero_mixes_nothing_and_one_half_about_half() {
    let (images, targets) = batch(4);
    let counts = |augment: Box<dyn Augment>| {
        let hit = |index: &u64| augment.mix(&images, &targets, &mut rng(0, 0, *index)).unwrap().is_some();
        (0..400).filter(hit).count()
    };
    assert_eq!(counts(built(&Mixup { probability: 0.0, ..Default::default() })), 0);
    assert_eq!(counts(built(&CutMix { probability: 0.0, ..Default::default() })), 0);
    assert!((150..250).contains(&counts(built(&Mixup { probability: 0.5, ..Default::default() }))));
    assert!((150..250).contains(&counts(built(&CutMix { probability: 0.5, ..Default::default() }))));
}

#[test]
fn mixing_is_deterministic_and_both_can_be_combined() {
    let (mixup, cutmix) = (built(&Mixup::default()), built(&CutMix::default()));
    assert_eq!(mixed(&*mixup, 6, 3), mixed(&*mixup, 6, 3));
    assert_eq!(mixed(&*cutmix, 6, 3), mixed(&*cutmix, 6, 3));
    let mut generator = rng(0, 0, 5);
    let (images, targets) = batch(6);
    let (images, targets) = mixup.mix(&images, &targets, &mut generator).unwrap().expect(MIXED);
    let (images, targets) = cutmix.mix(&images, &targets, &mut generator).unwrap().expect(MIXED);
    let numbers = Tensor::arange(6, (Kind::Double, Device::Cpu));
    let means = images.mean_dim([1i64, 2, 3].as_slice(), false, None);
    assert!(worst(&means, &targets.matmul(&numbers)) < 1e-12);
}

#[test]
fn facts_declare_mixing_and_invalid_values_are_named() {
    assert!(Mixup::default().properties().mixes && CutMix::default().properties().mixes);
    assert!(Mixup::default().properties().random && CutMix::default().properties().random);
    let keys = |settings: &dyn Fn(&mut Problems)| {
        let mut problems = Problems::default();
        settings(&mut problems);
        problems.found().iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    assert!(keys(&|problems| Mixup::default().check(problems)).is_empty());
    assert_eq!(
        keys(&|problems| Mixup { alpha: 0.0, probability: 1.5 }.check(problems)),
        ["alpha", "probability"]
    );
    assert_eq!(
        keys(&|problems| CutMix { alpha: f64::INFINITY, ..Default::default() }.check(problems)),
        ["alpha"]
    );
    let mut catalog = Catalog::default();
    plugins_augment::register(&mut catalog);
    assert!(catalog.augment.describe().iter().any(|plugin| plugin.name == "cutmix"));
}
