//! Zero-shot classification, on embeddings simple enough to check by hand.

use std::collections::HashMap;

use crate::support::{Data, Model, evaluate, metric};
use tch::{Device, Kind, Tensor};

/// Four images of cats and dogs, the last without a class.
fn pets() -> Model {
    let images = Tensor::from_slice2(&[[1.0f64, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]]);
    let mut model = Model::of(images, Tensor::zeros([0, 2], (Kind::Double, Device::Cpu)), &[]);
    model.data = Data {
        classes: vec!["cat".to_owned(), "dog".to_owned()],
        labels: vec![Some(0), Some(0), Some(0), None],
    };
    model.texts = HashMap::from([
        ("a photo of a cat.", vec![1.0, 0.0]),
        ("a photo of a dog.", vec![0.0, 1.0]),
        ("cat", vec![0.0, 1.0]),
        ("dog", vec![1.0, 0.0]),
    ]);
    model
}

#[test]
fn an_image_is_assigned_to_the_nearest_class() {
    let found = evaluate("plugin = 'zero_shot'", &pets()).unwrap();
    assert!((metric(&found, "zero_shot/top1") - 2.0 / 3.0).abs() < 1e-12);
    assert!(
        found.metrics.iter().all(|(name, _)| name != "zero_shot/top5"),
        "two classes: top 5 is meaningless"
    );
}

#[test]
fn templates_are_those_of_the_spec() {
    let found = evaluate("plugin = 'zero_shot'\ntemplates = 'plain'", &pets()).unwrap();
    assert!((metric(&found, "zero_shot/top1") - 1.0 / 3.0).abs() < 1e-12);
    let own = evaluate("plugin = 'zero_shot'\ntemplates = ['a photo of a {}.']", &pets()).unwrap();
    assert!((metric(&own, "zero_shot/top1") - 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn the_ranks_of_the_classes_are_returned() {
    let found = evaluate("plugin = 'zero_shot'", &pets()).unwrap();
    let ranks = &found.ranks[0];
    assert_eq!(
        (ranks.suite, ranks.direction.short(), ranks.ranks.as_slice()),
        ("zero_shot", "i2c", &[0, 0, 1][..])
    );
}

#[test]
fn a_data_set_without_classes_is_an_error() {
    let model = Model::of(pets().images, pets().captions, &[]);
    let error = evaluate("plugin = 'zero_shot'", &model).unwrap_err().to_string();
    assert!(error.starts_with("zero_shot needs images with classes"), "{error}");
}
