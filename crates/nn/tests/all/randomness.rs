//! Use of the random generator.

use crate::generator::generator;
use clip_lab_nn::{drop_patches, drop_path, drop_path_rate, dropout};
use tch::{Device, IndexOp as _, Kind, Tensor};

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

fn values(x: &Tensor) -> Vec<f64> {
    Vec::try_from(x.flatten(0, -1).to_kind(Kind::Double)).unwrap()
}

#[test]
fn dropout_draws_only_where_it_drops() {
    let _generator = generator();
    let x = Tensor::ones([1000], FLOAT);
    let next = Tensor::rand([1], FLOAT);
    tch::manual_seed(7);
    assert_eq!(dropout(x.copy(), 0.0, true).unwrap(), x);
    assert_eq!(dropout(x.copy(), 0.5, false).unwrap(), x);
    assert_eq!(Tensor::rand([1], FLOAT), next);
    let dropped = dropout(x.copy(), 0.5, true).unwrap();
    let kept = f64::try_from(dropped.mean(Kind::Float)).unwrap();
    assert!((kept - 1.0).abs() < 0.2 && f64::try_from(dropped.i(..).max()).unwrap() == 2.0);
}

#[test]
fn a_path_is_dropped_for_whole_samples_and_the_mean_stays() {
    let _generator = generator();
    let x = Tensor::ones([4000, 3, 2], FLOAT);
    let dropped = drop_path(x.copy(), 0.25, true).unwrap();
    let samples = values(&dropped.sum_dim_intlist([1, 2].as_slice(), false, Kind::Double));
    let whole = 6.0 / 0.75;
    assert!(
        samples.iter().all(|&sum| sum == 0.0 || (sum - whole).abs() < 1e-5),
        "samples are dropped as a whole"
    );
    let gone = samples.iter().filter(|&&sum| sum == 0.0).count() as f64 / 4000.0;
    // Four standard deviations of a fraction of 4000.
    assert!((gone - 0.25).abs() < 0.028, "{gone} of the samples were dropped");
}

#[test]
fn nothing_is_drawn_for_paths_and_patches_that_are_kept() {
    let _generator = generator();
    let x = Tensor::ones([8, 5, 2], FLOAT);
    let next = Tensor::rand([1], FLOAT);
    tch::manual_seed(7);
    for (p, train) in [(0.0, true), (0.5, false)] {
        assert_eq!(drop_path(x.copy(), p, train).unwrap(), x);
        assert_eq!(drop_patches(x.copy(), p, 1, train).unwrap(), x);
    }
    assert_eq!(Tensor::rand([1], FLOAT), next);
}

#[test]
fn rates_grow_linearly_from_the_first_block_to_the_last() {
    let rates: Vec<f64> = (0..5).map(|block| drop_path_rate(0.2, block, 5)).collect();
    for (rate, want) in rates.iter().zip([0.0, 0.05, 0.1, 0.15, 0.2]) {
        assert!((rate - want).abs() < 1e-15);
    }
    assert_eq!(drop_path_rate(0.2, 0, 1), 0.0);
}

#[test]
fn patches_are_kept_at_random_and_the_class_token_always() {
    let _generator = generator();
    let (batch, patches) = (2000, 10);
    // Every token holds its own number.
    let tokens = Tensor::arange(1 + patches, FLOAT).view([1, -1, 1]).expand([batch, -1, 1], false);
    let kept = drop_patches(tokens.shallow_clone(), 0.45, 1, true).unwrap();
    assert_eq!(kept.size(), [batch, 1 + 5, 1], "open_clip rounds 5.5 patches down");
    assert_eq!(kept.i((.., 0..1)), tokens.i((.., 0..1)));
    let mut counts = vec![0; 11];
    for row in values(&kept.i((.., 1.., 0))).chunks(5) {
        let mut row = row.to_vec();
        row.sort_by(f64::total_cmp);
        row.dedup();
        assert_eq!(row.len(), 5, "no patch is kept twice");
        row.iter().for_each(|&patch| counts[patch as usize] += 1);
    }
    assert_eq!(counts[0], 0, "the class token is no patch");
    // Each patch is kept in half the samples; four standard deviations.
    assert!(counts[1..].iter().all(|count| (count - 1000i32).abs() < 90), "{counts:?}");
}

#[test]
fn one_patch_is_always_kept() {
    let _generator = generator();
    let x = Tensor::ones([2, 4, 3], FLOAT);
    assert_eq!(drop_patches(x.copy(), 0.99, 0, true).unwrap().size(), [2, 1, 3]);
    assert_eq!(drop_patches(x, 0.99, 1, true).unwrap().size(), [2, 2, 3]);
}
