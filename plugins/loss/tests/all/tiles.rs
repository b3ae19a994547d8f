//! Tiled losses equal the whole ones.

use crate::support::{Built, unit};
use clip_lab_plugin_api::Pair;
use tch::{Device, Kind, Tensor};

const LOSSES: [&str; 4] = [
    "plugin = 'clip'",
    "plugin = 'clip'\nlabel_smoothing = 0.1",
    "plugin = 'siglip'\nbias = -3.0",
    "plugin = 'multi_positive'",
];

/// Loss, gradients of images and captions, and of every variable by name.
fn all_of(spec: &str, batch: i64, group: Option<&Tensor>) -> Vec<(String, Tensor)> {
    let built = Built::new(spec, batch.max(2));
    let leaf = |seed| unit(batch, 6, seed).set_requires_grad(true);
    let (image, text) = (leaf(11), leaf(12));
    let loss = built.loss.score(&Pair { group, ..Pair::new(&image, &text) }).unwrap().loss;
    // A factor other than one, as in loss scaling.
    (&loss * 3.0).backward();
    let mut all =
        vec![("loss".to_owned(), loss), ("image".to_owned(), image.grad()), ("text".to_owned(), text.grad())];
    let mut variables: Vec<_> = built.vars.variables().into_iter().collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    all.extend(variables.into_iter().map(|(name, variable)| (name, variable.grad())));
    all
}

/// Groups of about three rows, spread over the batch.
fn groups(batch: i64) -> Tensor {
    Tensor::arange(batch, (Kind::Int64, Device::Cpu)).g_mul_scalar(7).remainder(1 + batch / 3)
}

#[test]
fn tiles_of_any_size_give_loss_and_gradients_of_the_whole() {
    for spec in LOSSES {
        for (batch, sides) in [(2, vec![1]), (7, vec![1, 2, 3, 6]), (33, vec![5, 8, 16, 32])] {
            for group in [None, Some(groups(batch))] {
                let whole = all_of(&format!("{spec}\ntile = 0"), batch, group.as_ref());
                for side in sides.clone() {
                    let tiled = all_of(&format!("{spec}\ntile = {side}"), batch, group.as_ref());
                    assert_eq!(tiled.len(), whole.len());
                    for ((name, a), (_, b)) in whole.iter().zip(&tiled) {
                        let worst = (a - b).abs().max().double_value(&[]);
                        assert!(worst < 1e-12, "{spec}, {batch} pairs by {side}, {name}: off by {worst:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_large_scale_stays_exact() {
    for spec in ["plugin = 'clip'\nscale = 100.0", "plugin = 'siglip'\nscale = 100.0"] {
        let (whole, tiled) =
            (all_of(&format!("{spec}\ntile = 0"), 40, None), all_of(&format!("{spec}\ntile = 9"), 40, None));
        for ((name, a), (_, b)) in whole.iter().zip(&tiled) {
            let worst = (a - b).abs().max().double_value(&[]);
            assert!(worst < 1e-11, "{spec}, {name}: off by {worst:e}");
        }
    }
}

#[test]
fn large_batches_are_tiled_by_default() {
    let batch = 2100;
    let (image, text) = (unit(batch, 4, 1).set_requires_grad(true), unit(batch, 4, 2));
    for spec in LOSSES {
        let (built, whole) = (Built::new(spec, batch), Built::new(&format!("{spec}\ntile = 0"), batch));
        let score = |built: &Built| built.loss.score(&Pair::new(&image, &text)).unwrap().loss;
        let (tiled, whole) = (score(&built), score(&whole));
        assert!((&tiled - &whole).abs().double_value(&[]) < 1e-11, "{spec}");
    }
}

#[test]
fn without_gradients_only_the_value_is_computed() {
    let (image, text) = (unit(9, 4, 1).set_requires_grad(true), unit(9, 4, 2));
    for spec in LOSSES {
        let built = Built::new(&format!("{spec}\ntile = 4"), 9);
        let quiet = tch::no_grad(|| built.loss.score(&Pair::new(&image, &text)).unwrap().loss);
        let loud = built.loss.score(&Pair::new(&image, &text)).unwrap().loss;
        assert!(!quiet.requires_grad() && loud.requires_grad());
        assert_eq!(quiet, loud);
    }
}

#[test]
fn a_frozen_side_gets_no_gradient() {
    let (image, text) = (unit(9, 4, 1), unit(9, 4, 2).set_requires_grad(true));
    for spec in LOSSES {
        let built = Built::new(&format!("{spec}\ntile = 4"), 9);
        built.loss.score(&Pair::new(&image, &text)).unwrap().loss.backward();
        assert!(!image.grad().defined() && text.grad().defined());
    }
}

#[test]
fn halves_are_scored_in_single_and_get_half_gradients() {
    let half = |seed| unit(64, 16, seed).to_kind(Kind::BFloat16).set_requires_grad(true);
    for spec in LOSSES {
        let (built, (image, text)) = (Built::single(&format!("{spec}\ntile = 24"), 64), (half(3), half(4)));
        let loss = built.loss.score(&Pair::new(&image, &text)).unwrap().loss;
        loss.backward();
        assert_eq!((loss.kind(), image.grad().kind()), (Kind::Float, Kind::BFloat16));
        let exact = |t: &Tensor| t.detach().to_kind(Kind::Double).set_requires_grad(true);
        let (built, pair) = (Built::new(&format!("{spec}\ntile = 0"), 64), (exact(&image), exact(&text)));
        let want = built.loss.score(&Pair::new(&pair.0, &pair.1)).unwrap().loss;
        want.backward();
        assert!((&want - &loss).abs().double_value(&[]) < 0.02, "{spec}");
        let off = (pair.0.grad() - image.grad()).norm() / pair.0.grad().norm();
        assert!(off.double_value(&[]) < 0.02, "{spec}: {off}");
    }
}
