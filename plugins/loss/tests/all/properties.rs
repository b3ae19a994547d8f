//! Properties of the losses for any batch.

use crate::support::{Built, build, unit};
use clip_lab_plugin_api::{Catalog, LossContext, Pair, Section, parse};
use tch::{Device, Kind, Tensor, nn};

/// Every loss over pairs.
const ALL: [&str; 4] = [
    "plugin = 'clip'",
    "plugin = 'clip'\nlabel_smoothing = 0.1",
    "plugin = 'siglip'",
    "plugin = 'multi_positive'",
];

/// Three pairs, small enough to compute by hand.
fn toy() -> (Tensor, Tensor) {
    let image = Tensor::from_slice2(&[[1.0f64, 0.0], [0.0, 1.0], [0.6, 0.8]]);
    let text = Tensor::from_slice2(&[[0.8f64, 0.6], [0.0, 1.0], [0.6, -0.8]]);
    (image, text)
}

#[test]
fn the_toy_gives_the_known_values() {
    let (image, text) = toy();
    for (spec, want) in [
        ("plugin = 'clip'", 5.480904),
        ("plugin = 'clip'\nscale = 10.0", 3.910463),
        ("plugin = 'clip'\nscale = 100.0", 38.0),
        ("plugin = 'siglip'", 5.432122),
        ("plugin = 'siglip'\nbias = 'auto'", 10.255867),
        ("plugin = 'siglip'\nscale = 14.285714285714286\nbias = 0.0", 15.665808),
    ] {
        let got = Built::new(spec, 3).value(&image, &text);
        assert!((got - want).abs() < 1e-6, "{spec}: {got}, expected {want}");
    }
}

#[test]
fn an_untrained_model_scores_as_in_theory() {
    for (spec, batch, want) in [
        ("plugin = 'clip'", 64, 4.1589),
        ("plugin = 'clip'", 512, 6.2383),
        ("plugin = 'siglip'", 64, 10.0029),
        ("plugin = 'siglip'\nbias = 'auto'", 64, 5.1510),
        ("plugin = 'siglip'\nbias = 'auto'", 512, 7.2373),
    ] {
        // Images along one axis, captions along another: every similarity is zero.
        let along = |axis| Tensor::eye(2, (Kind::Double, Device::Cpu)).get(axis).expand([batch, 2], false);
        let got = Built::new(spec, batch).value(&along(0), &along(1));
        assert!((got - want).abs() < 1e-4, "{spec}, {batch} pairs: {got}, expected {want}");
    }
}

#[test]
fn the_order_of_pairs_does_not_matter() {
    let (image, text) = (unit(9, 5, 1), unit(9, 5, 2));
    let order = Tensor::from_slice(&[4i64, 0, 8, 2, 6, 1, 3, 7, 5]);
    for spec in ALL {
        let built = Built::new(spec, 9);
        let shuffled = built.value(&image.index_select(0, &order), &text.index_select(0, &order));
        assert!((built.value(&image, &text) - shuffled).abs() < 1e-12);
    }
}

#[test]
fn images_and_captions_may_be_swapped() {
    let (image, text) = (unit(9, 5, 1), unit(9, 5, 2));
    for spec in ALL {
        let built = Built::new(spec, 9);
        assert!((built.value(&image, &text) - built.value(&text, &image)).abs() < 1e-12);
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for spec in ALL {
        let built = Built::new(spec, 6);
        let (image, text) = (unit(6, 4, 3).set_requires_grad(true), unit(6, 4, 4).set_requires_grad(true));
        built.loss.score(&Pair::new(&image, &text)).unwrap().loss.backward();
        let scale = built.variable("logit_scale");
        for (leaf, index) in [(&image, vec![2, 1]), (&text, vec![5, 3]), (&scale, vec![])] {
            let nudged = |by: f64| {
                let place = index.iter().fold(leaf.detach(), |part, &i| part.get(i));
                let original = place.double_value(&[]);
                let _ = place.shallow_clone().fill_(original + by);
                let value = built.value(&image, &text);
                let _ = place.shallow_clone().fill_(original);
                value
            };
            let difference = (nudged(1e-6) - nudged(-1e-6)) / 2e-6;
            let gradient = leaf.grad().double_value(&index);
            assert!((difference - gradient).abs() < 1e-7, "{spec} {index:?}: {difference} {gradient}");
        }
    }
}

#[test]
fn a_perfect_pair_alone_loses_nothing() {
    let one = unit(1, 4, 1);
    assert_eq!(Built::new("plugin = 'clip'", 1).value(&one, &one), 0.0);
}

#[test]
fn the_scale_is_clamped_after_an_update() {
    for spec in ALL {
        let built = Built::new(spec, 4);
        let log = built.variable("logit_scale");
        for (moved, want) in [(9.0, 100f64.ln()), (-3.0, 0.0), (2.5, 2.5)] {
            let _ = tch::no_grad(|| log.shallow_clone().fill_(moved));
            built.loss.clamp();
            assert_eq!(log.double_value(&[]), want);
        }
        assert!(log.requires_grad());
    }
}

#[test]
fn unlearned_parameters_stay_and_are_saved() {
    for spec in ["plugin = 'clip'\nscale = 0.5\nlearned = false", "plugin = 'siglip'\nlearned = false"] {
        let built = Built::new(spec, 4);
        let before = built.variable("logit_scale").copy();
        built.loss.clamp();
        assert_eq!(built.variable("logit_scale"), before);
        assert!(built.vars.trainable_variables().is_empty());
    }
}

#[test]
fn scale_and_bias_are_reported_as_used() {
    let (image, text) = toy();
    let scored = Built::new("plugin = 'siglip'", 3).loss.score(&Pair::new(&image, &text)).unwrap();
    let report: Vec<(&str, f64)> =
        scored.report.iter().map(|(name, t)| (*name, t.double_value(&[]))).collect();
    assert_eq!(report[1], ("logit_bias", -10.0));
    assert!(report[0].0 == "logit_scale" && (report[0].1 - 10.0).abs() < 1e-12);
    assert!(scored.report.iter().all(|(_, value)| !value.requires_grad()));
}

#[test]
fn half_precision_embeddings_are_scored_in_single() {
    let (image, text) = (unit(8, 16, 5), unit(8, 16, 6));
    for spec in ALL {
        let loss = Built::single(spec, 8).loss;
        let half = |t: &Tensor| t.to_kind(Kind::BFloat16);
        let scored = loss.score(&Pair::new(&half(&image), &half(&text))).unwrap();
        assert_eq!(scored.loss.kind(), Kind::Float);
        assert!((scored.loss.double_value(&[]) - Built::new(spec, 8).value(&image, &text)).abs() < 0.1);
    }
}

#[test]
fn pairs_of_different_shapes_are_an_error() {
    for spec in ALL {
        let built = Built::new(spec, 4);
        for text in [unit(3, 5, 1), unit(4, 6, 1)] {
            let error = built.loss.score(&Pair::new(&unit(4, 5, 1), &text)).unwrap_err().to_string();
            assert!(error.starts_with("the loss needs as many captions as images"), "{error}");
        }
    }
}

#[test]
fn an_automatic_bias_needs_two_pairs() {
    let vars = nn::VarStore::new(Device::Cpu);
    let context = LossContext { vars: vars.root(), batch: 1 };
    let error = build("plugin = 'siglip'\nbias = 'auto'", context).err().unwrap();
    assert!(format!("{error:#}").contains("at least two pairs"), "{error:#}");
}

#[test]
fn invalid_settings_are_reported() {
    let mut catalog = Catalog::default();
    plugins_loss::register(&mut catalog);
    for (text, message) in [
        ("plugin = 'clip'\nscale = 200.0", "[loss].scale: must be from 1 to `max_scale`"),
        ("plugin = 'clip'\nscale = -1.0\nlearned = false", "[loss].scale: must be positive"),
        ("plugin = 'clip'\nmax_scale = 0.5", "[loss].max_scale: must be at least 1"),
        ("plugin = 'clip'\nlabel_smoothing = 1.0", "[loss].label_smoothing: must be at least 0 and below 1"),
        (
            "plugin = 'cross_entropy'\nlabel_smoothing = -0.1",
            "[loss].label_smoothing: must be at least 0 and below 1",
        ),
        ("plugin = 'multi_positive'\nscale = 0.5", "[loss].scale: must be from 1"),
        ("plugin = 'siglip'\nbias = nan", "[loss].bias: must be a finite number"),
        ("plugin = 'siglip'\nbias = 'atuo'", "[loss].bias: must be a number or \"auto\""),
    ] {
        let section = Section::new("loss", 0..0, parse(text.to_owned()).unwrap());
        let problems = catalog.loss.plan(section).unwrap_err();
        assert!(problems[0].message.starts_with(message), "{}", problems[0].message);
    }
}
