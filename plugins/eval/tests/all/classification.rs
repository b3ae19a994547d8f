//! Accuracy of a classifier, on logits simple enough to check by hand.

use crate::support::{Data, Model, evaluate, metric};
use tch::{Device, Kind, Tensor};

/// Images whose logits are rows of the identity; `predictions` gives the predicted class of each.
fn model(predictions: &[i64], labels: &[usize], classes: usize) -> Model {
    let axes = Tensor::eye(classes as i64, (Kind::Float, Device::Cpu));
    let logits = axes.index_select(0, &Tensor::from_slice(predictions));
    let mut model = Model::of(logits, Tensor::zeros([0, 2], (Kind::Double, Device::Cpu)), &[]);
    let names = (0..classes).map(|class| class.to_string()).collect();
    model.data = Data { classes: names, labels: labels.iter().map(|&label| Some(label)).collect() };
    model
}

#[test]
fn rare_classes_count_as_much_as_common_ones() {
    // Nine images of class 0, all correct; one of class 6, predicted as class 0.
    let mut labels = [0; 10];
    labels[9] = 6;
    let found = evaluate("plugin = 'classification'", &model(&[0; 10], &labels, 7)).unwrap();
    assert!((metric(&found, "classification/top1") - 0.9).abs() < 1e-12);
    assert!((metric(&found, "classification/top5") - 0.9).abs() < 1e-12);
    assert!((metric(&found, "classification/mean_per_class") - 0.5).abs() < 1e-12);
    assert_eq!(found.ranks[0].ranks, [0, 0, 0, 0, 0, 0, 0, 0, 0, 6]);
}

#[test]
fn few_classes_have_no_top5() {
    let found = evaluate("plugin = 'classification'", &model(&[0, 1], &[0, 1], 2)).unwrap();
    let names: Vec<&str> = found.metrics.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["classification/top1", "classification/mean_per_class"]);
}
