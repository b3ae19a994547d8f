//! Stochastic depth and patch dropout in the towers.

use crate::generator::generator;
use clip_lab_plugin_api::prelude::*;
use plugins_image::*;

fn vit(drop_path: f64, patch_dropout: f64) -> Vit {
    Vit {
        image_size: 16,
        patch_size: 4,
        width: 12,
        depth: 3,
        heads: 3,
        drop_path,
        patch_dropout,
        ..Vit::default()
    }
}

fn resnet(drop_path: f64) -> ResNet {
    ResNet {
        image_size: 32,
        layers: vec![1, 2],
        widths: vec![16, 32],
        stem_width: 8,
        zero_init_last: false,
        drop_path,
        ..ResNet::default()
    }
}

/// The tower, built after a fixed seed.
fn build<S: Plugin<dyn ImageEncoder>>(settings: &S) -> (nn::VarStore, Box<dyn ImageEncoder>) {
    tch::manual_seed(5);
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = settings.build(vars.root()).unwrap();
    (vars, encoder)
}

fn images(side: i64) -> Tensor {
    tch::manual_seed(6);
    Tensor::rand([1, 3, side, side], (DType::Float, Device::Cpu)).repeat([400, 1, 1, 1])
}

/// Number of distinct features of equal images.
fn kinds(features: &Tensor) -> usize {
    let first = Vec::<f64>::try_from(features.select(1, 0).to_kind(DType::Double)).unwrap();
    let mut rounded: Vec<i64> = first.into_iter().map(|value| (value * 1e4).round() as i64).collect();
    rounded.sort_unstable();
    rounded.dedup();
    rounded.len()
}

#[test]
fn towers_drop_in_training_and_never_in_evaluation() {
    let _generator = generator();
    for (plain, dropping, side) in [
        (build(&vit(0.0, 0.0)).1, build(&vit(0.5, 0.0)).1, 16),
        (build(&vit(0.0, 0.0)).1, build(&vit(0.0, 0.5)).1, 16),
    ] {
        let images = images(side);
        let evaluated = dropping.encode(&images, Mode::Eval).unwrap();
        assert_eq!(evaluated, plain.encode(&images, Mode::Eval).unwrap());
        assert_eq!(kinds(&plain.encode(&images, Mode::Train).unwrap()), 1);
        assert!(kinds(&dropping.encode(&images, Mode::Train).unwrap()) > 3);
    }
    let ((_a, plain), (_b, dropping)) = (build(&resnet(0.0)), build(&resnet(0.5)));
    let images = images(32).narrow(0, 0, 64);
    assert_eq!(dropping.encode(&images, Mode::Eval).unwrap(), plain.encode(&images, Mode::Eval).unwrap());
    assert_eq!(kinds(&plain.encode(&images, Mode::Train).unwrap()), 1, "equal images in a batch are equal");
    assert!(kinds(&dropping.encode(&images, Mode::Train).unwrap()) > 1);
}

#[test]
fn invalid_probabilities_are_reported() {
    let found = |settings: &dyn Fn(&mut Problems)| {
        let mut problems = Problems::default();
        settings(&mut problems);
        problems.found().iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(&|problems| vit(1.0, -0.1).check(problems)), ["drop_path", "patch_dropout"]);
    assert_eq!(found(&|problems| resnet(f64::NAN).check(problems)), ["drop_path"]);
}
