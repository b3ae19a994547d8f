//! Several positives per row, and soft targets.

use crate::support::{Built, unit};
use clip_lab_plugin_api::Pair;
use tch::{Device, Kind, Tensor};

const SPEC: &str = "plugin = 'multi_positive'";

fn scored(built: &Built, image: &Tensor, text: &Tensor, group: &[i64]) -> Tensor {
    let group = Tensor::from_slice(group);
    built.loss.score(&Pair { group: Some(&group), ..Pair::new(image, text) }).unwrap().loss
}

/// The formula, entry by entry.
fn by_hand(image: &Tensor, text: &Tensor, scale: f64, group: &[i64]) -> f64 {
    let logits = Vec::<Vec<f64>>::try_from(image.matmul(&text.tr()) * scale).unwrap();
    let n = group.len();
    let one_way = |z: &dyn Fn(usize, usize) -> f64| {
        let row = |i: usize| {
            let sum = (0..n).map(|j| z(i, j).exp()).sum::<f64>().ln();
            let own: Vec<usize> = (0..n).filter(|&j| group[j] == group[i]).collect();
            own.iter().map(|&j| sum - z(i, j)).sum::<f64>() / own.len() as f64
        };
        (0..n).map(row).sum::<f64>() / n as f64
    };
    (one_way(&|i, j| logits[i][j]) + one_way(&|i, j| logits[j][i])) / 2.0
}

#[test]
fn it_is_the_formula_entry_by_entry() {
    let (image, text) = (unit(6, 5, 1), unit(6, 5, 2));
    let built = Built::new(&format!("{SPEC}\nscale = 7.0"), 6);
    for group in [[0, 1, 2, 3, 4, 5], [4, 4, 9, 4, 9, 7], [1; 6]] {
        let (got, want) =
            (scored(&built, &image, &text, &group).double_value(&[]), by_hand(&image, &text, 7.0, &group));
        assert!((got - want).abs() < 1e-12, "{group:?}: {got} {want}");
    }
}

#[test]
fn without_duplicates_it_equals_clip_with_the_same_gradients() {
    for batch in [1, 2, 7, 32] {
        let group: Vec<i64> = (0..batch).map(|row| (row * 37) % 101).collect();
        let of = |spec, group: Option<&[i64]>| {
            let built = Built::new(spec, batch);
            let (image, text) =
                (unit(batch, 6, 3).set_requires_grad(true), unit(batch, 6, 4).set_requires_grad(true));
            let group = group.map(Tensor::from_slice);
            let pair = Pair { group: group.as_ref(), ..Pair::new(&image, &text) };
            let loss = built.loss.score(&pair).unwrap().loss;
            loss.backward();
            [loss, image.grad(), text.grad(), built.variable("logit_scale").grad()]
        };
        let clip = of("plugin = 'clip'", None);
        for other in [of(SPEC, None), of(SPEC, Some(&group))] {
            for (a, b) in clip.iter().zip(&other) {
                assert!((a - b).abs().max().double_value(&[]) < 1e-12, "{batch} pairs");
            }
        }
    }
}

#[test]
fn gradients_with_groups_are_those_of_finite_differences() {
    let built = Built::new(SPEC, 6);
    let group = [3, 8, 3, 1, 8, 3];
    let (image, text) = (unit(6, 4, 5).set_requires_grad(true), unit(6, 4, 6).set_requires_grad(true));
    scored(&built, &image, &text, &group).backward();
    for (leaf, index) in [(&image, [2, 1]), (&text, [4, 3])] {
        let nudged = |by: f64| {
            let place = leaf.detach().get(index[0]).get(index[1]);
            let original = place.double_value(&[]);
            let _ = place.shallow_clone().fill_(original + by);
            let value = scored(&built, &image, &text, &group).double_value(&[]);
            let _ = place.shallow_clone().fill_(original);
            value
        };
        let difference = (nudged(1e-6) - nudged(-1e-6)) / 2e-6;
        assert!((difference - leaf.grad().double_value(&index)).abs() < 1e-7);
    }
}

#[test]
fn a_close_false_negative_costs_less_in_a_group() {
    // Rows 0 and 1 are the same pair; clip trains the model to separate them, which is impossible.
    let (image, text) = (unit(4, 8, 7), unit(4, 8, 7));
    for tensor in [&image, &text] {
        tensor.get(1).copy_(&tensor.get(0));
    }
    let built = Built::new("plugin = 'multi_positive'\nscale = 100.0", 4);
    let group = Tensor::from_slice(&[5i64, 5, 6, 7]);
    let grouped = Pair { group: Some(&group), ..Pair::new(&image, &text) };
    let gradient = |pair: &Pair| {
        let image = pair.image.detach().copy().set_requires_grad(true);
        let scored = built.loss.score(&Pair { image: &image, ..*pair }).unwrap();
        scored.loss.backward();
        let positives =
            scored.report.iter().find(|(name, _)| *name == "positives").unwrap().1.double_value(&[]);
        (image.grad().abs().max().double_value(&[]), positives)
    };
    let (with, positives) = gradient(&grouped);
    assert_eq!(positives, 1.5);
    assert!(with < 1e-6, "at its optimum: {with}");
}

#[test]
fn groups_of_the_wrong_size_are_an_error() {
    let built = Built::new(SPEC, 4);
    let (image, text, group) = (unit(4, 5, 1), unit(4, 5, 2), Tensor::from_slice(&[1i64, 2, 3]));
    let error = built.loss.score(&Pair { group: Some(&group), ..Pair::new(&image, &text) }).unwrap_err();
    assert!(error.to_string().contains("4 pairs needs 4 group ids"), "{error}");
}

#[test]
fn smoothing_is_a_cross_entropy_with_smoothed_targets_in_both_directions() {
    let (image, text) = (unit(5, 4, 8), unit(5, 4, 9));
    for share in [0.0, 0.1, 0.7] {
        let built = Built::new(&format!("plugin = 'clip'\nscale = 5.0\nlabel_smoothing = {share:?}"), 5);
        let logits = image.matmul(&text.tr()) * 5.0;
        let right = Tensor::arange(5, (Kind::Int64, Device::Cpu));
        let way = |logits: &Tensor| {
            logits
                .cross_entropy_loss::<Tensor>(&right, None, tch::Reduction::Mean, -100, share)
                .double_value(&[])
        };
        let want = (way(&logits) + way(&logits.tr())) / 2.0;
        assert!((built.value(&image, &text) - want).abs() < 1e-12, "{share}");
    }
}
