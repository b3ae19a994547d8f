//! Losses in stripes, as several processes compute them, equal those of the whole batch.

use crate::support::{Built, unit};
use clip_lab_plugin_api::{Pair, Scored, Stripe, conformance::score_in_stripes};
use proptest::{collection::vec, prelude::*};
use tch::{Device, Kind, Tensor};

const LOSSES: [&str; 6] = [
    "plugin = 'clip'",
    "plugin = 'clip'\nlabel_smoothing = 0.1",
    "plugin = 'clip'\nscale = 100.0",
    "plugin = 'siglip'\nbias = -3.0",
    "plugin = 'siglip'\nlearned = false",
    "plugin = 'multi_positive'",
];

/// What each process gets, and by name the gradients that all add up to.
fn all_of(
    spec: &str,
    batch: i64,
    group: &Tensor,
    score: &dyn Fn(&Built, &Pair) -> Vec<Scored>,
) -> (Vec<Scored>, Vec<(String, Tensor)>) {
    let built = Built::new(spec, batch);
    let leaf = |seed| unit(batch, 5, seed).set_requires_grad(true);
    let (image, text) = (leaf(21), leaf(22));
    let scored = score(&built, &Pair { group: Some(group), ..Pair::new(&image, &text) });
    // A factor other than one, as in loss scaling.
    scored.iter().for_each(|scored| (&scored.loss * 3.0).backward());
    let mut gradients = vec![("image".to_owned(), image.grad()), ("text".to_owned(), text.grad())];
    let mut variables: Vec<_> = built.vars.variables().into_iter().collect();
    variables.retain(|(_, variable)| variable.requires_grad());
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    gradients.extend(variables.into_iter().map(|(name, variable)| (name, variable.grad())));
    (scored, gradients)
}

fn report(scored: &Scored) -> Vec<(&str, f64)> {
    scored.report.iter().map(|(name, value)| (*name, value.double_value(&[]))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn uneven_stripes_give_loss_and_gradients_of_the_whole(
        loss in 0..LOSSES.len(),
        tile in 0i64..8,
        counts in vec(0i64..9, 1..6).prop_filter("a batch", |counts| counts.iter().sum::<i64>() > 1),
        different in 1i64..12,
    ) {
        let batch = counts.iter().sum::<i64>();
        let group = Tensor::arange(batch, (Kind::Int64, Device::Cpu)).g_mul_scalar(7).remainder(different);
        let whole = |built: &Built, pair: &Pair| vec![built.loss.score(pair).unwrap()];
        let stripes =
            |built: &Built, pair: &Pair| score_in_stripes(built.loss.striped().unwrap(), pair, &counts).unwrap();
        let (want, gradients) = all_of(&format!("{}\ntile = 0", LOSSES[loss]), batch, &group, &whole);
        let (got, sums) = all_of(&format!("{}\ntile = {tile}", LOSSES[loss]), batch, &group, &stripes);
        prop_assert_eq!(got.len(), counts.len());
        for scored in &got {
            prop_assert!((&scored.loss - &want[0].loss).abs().double_value(&[]) < 1e-11);
            prop_assert_eq!(&scored.loss, &got[0].loss, "every process has the same bits");
            prop_assert_eq!(report(scored), report(&want[0]));
        }
        prop_assert_eq!(sums.len(), gradients.len());
        for ((name, sum), (_, gradient)) in sums.iter().zip(&gradients) {
            let worst = (sum - gradient).abs().max().double_value(&[]);
            prop_assert!(worst < 1e-11, "{name}: off by {worst:e}");
        }
    }
}

/// The loss of a batch in single precision.
fn single(spec: &str, counts: &[i64]) -> (f64, f64) {
    let batch = counts.iter().sum();
    let (image, text) = (unit(batch, 16, 5).to_kind(Kind::Float), unit(batch, 16, 6).to_kind(Kind::Float));
    let (built, pair) = (Built::single(spec, batch), Pair::new(&image, &text));
    let stripes = score_in_stripes(built.loss.striped().unwrap(), &pair, counts).unwrap();
    (built.loss.score(&pair).unwrap().loss.double_value(&[]), stripes[0].loss.double_value(&[]))
}

#[test]
fn in_single_precision_stripes_differ_by_rounding_only() {
    for spec in ["plugin = 'clip'", "plugin = 'siglip'", "plugin = 'multi_positive'"] {
        for counts in [&[4i64, 4][..], &[3, 0, 9, 20], &[64; 4]] {
            let (whole, stripes) = single(spec, counts);
            assert!((whole - stripes).abs() < 1e-6, "{spec}, {counts:?}: {whole} {stripes}");
        }
    }
}

#[test]
fn halves_are_scored_in_single_and_get_half_gradients() {
    let half = |seed| unit(64, 16, seed).to_kind(Kind::BFloat16).set_requires_grad(true);
    for spec in LOSSES {
        let (built, (image, text)) = (Built::single(spec, 64), (half(3), half(4)));
        let scored =
            score_in_stripes(built.loss.striped().unwrap(), &Pair::new(&image, &text), &[40, 24]).unwrap();
        scored.iter().for_each(|scored| scored.loss.backward());
        let kinds = (scored[0].loss.kind(), image.grad().kind(), text.grad().kind());
        assert_eq!(kinds, (Kind::Float, Kind::BFloat16, Kind::BFloat16), "{spec}");
    }
}

#[test]
fn a_value_that_is_not_finite_reaches_every_process() {
    for spec in LOSSES {
        let (image, text) = (unit(8, 4, 1), unit(8, 4, 2));
        let _ = image.get(7).get(0).fill_(f64::NAN);
        let built = Built::new(spec, 8);
        let scored =
            score_in_stripes(built.loss.striped().unwrap(), &Pair::new(&image, &text), &[4, 4]).unwrap();
        assert!(scored.iter().all(|scored| scored.loss.double_value(&[]).is_nan()), "{spec}");
    }
}

#[test]
fn without_gradients_only_the_value_is_computed() {
    let (image, text) = (unit(9, 4, 1).set_requires_grad(true), unit(9, 4, 2));
    for spec in LOSSES {
        let built = Built::new(spec, 9);
        let score = || {
            score_in_stripes(built.loss.striped().unwrap(), &Pair::new(&image, &text), &[5, 4])
                .unwrap()
                .remove(0)
        };
        let quiet = tch::no_grad(score).loss;
        assert!(!quiet.requires_grad());
        assert_eq!(quiet, score().loss);
    }
}

#[test]
fn a_stripe_that_does_not_fit_is_an_error() {
    let (image, text) = (unit(4, 5, 1), unit(8, 5, 2));
    for spec in LOSSES {
        let built = Built::new(spec, 8);
        for (first, text) in [(5, &text), (-1, &text), (0, &unit(8, 6, 2)), (0, &unit(3, 5, 2))] {
            let stripe = Stripe { image: &image, text, first, group: None };
            let error = built.loss.striped().unwrap().score_stripe(&stripe, &Alone).unwrap_err();
            assert!(error.to_string().starts_with("a stripe from row"), "{error}");
        }
    }
}

/// One process.
struct Alone;

impl clip_lab_plugin_api::AllReduce for Alone {
    fn sum(&self, own: &Tensor) -> anyhow::Result<Tensor> {
        Ok(own.copy())
    }

    fn max(&self, own: &Tensor) -> anyhow::Result<Tensor> {
        Ok(own.copy())
    }
}
