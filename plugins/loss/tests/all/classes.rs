//! Cross-entropy over classes.

use crate::support::build;
use clip_lab_plugin_api::{Catalog, ClassLoss, Classes, Loss, LossContext, Scored, Section, Task, parse};
use tch::{Device, Kind, Tensor, nn};

/// Logits of `[5, 4]`, and soft targets whose rows sum to one.
fn toy() -> (Tensor, Tensor) {
    let wave = (Tensor::arange(20, (Kind::Double, Device::Cpu)) * 0.7).sin().view([5, 4]);
    let targets = (&wave * 3.0 + 1.0).softmax(1, Kind::Double);
    (wave * 4.0, targets)
}

fn one_hot(classes: &[i64], count: i64) -> Tensor {
    Tensor::from_slice(classes).one_hot(count).to_kind(Kind::Double)
}

fn scored(share: f64, logits: &Tensor, targets: &Tensor) -> Scored {
    cross_entropy(share).score(&Classes { logits, targets }).unwrap()
}

fn cross_entropy(share: f64) -> Box<dyn ClassLoss> {
    let vars = nn::VarStore::new(Device::Cpu);
    let text = format!("plugin = 'cross_entropy'\nlabel_smoothing = {share:?}");
    match *build(&text, LossContext { vars: vars.root(), batch: 5 }).unwrap() {
        Loss::Classes(loss) => loss,
        other => panic!("it is {other:?}"),
    }
}

fn value(share: f64, logits: &Tensor, targets: &Tensor) -> f64 {
    scored(share, logits, targets).loss.double_value(&[])
}

/// The formula, entry by entry.
fn by_hand(share: f64, logits: &Tensor, targets: &Tensor) -> f64 {
    let rows = |t: &Tensor| Vec::<Vec<f64>>::try_from(t).unwrap();
    let (logits, targets) = (rows(logits), rows(targets));
    let row = |z: &Vec<f64>, t: &Vec<f64>| {
        let sum = z.iter().map(|z| z.exp()).sum::<f64>().ln();
        let smoothed = |t: f64| (1.0 - share) * t + share / z.len() as f64;
        z.iter().zip(t).map(|(z, t)| smoothed(*t) * (sum - z)).sum::<f64>()
    };
    logits.iter().zip(&targets).map(|(z, t)| row(z, t)).sum::<f64>() / logits.len() as f64
}

#[test]
fn it_is_the_formula_entry_by_entry() {
    let (logits, targets) = toy();
    for share in [0.0, 0.1, 0.5] {
        for targets in [&targets, &one_hot(&[0, 3, 1, 1, 2], 4)] {
            let (got, want) = (value(share, &logits, targets), by_hand(share, &logits, targets));
            assert!((got - want).abs() < 1e-12, "{share}: {got} {want}");
        }
    }
}

#[test]
fn hard_targets_give_what_class_numbers_give_in_torch() {
    let (logits, _) = toy();
    let classes = [0, 3, 1, 1, 2];
    for share in [0.0, 0.1] {
        let numbers = Tensor::from_slice(&classes);
        let want = logits.cross_entropy_loss::<Tensor>(&numbers, None, tch::Reduction::Mean, -100, share);
        assert!((value(share, &logits, &one_hot(&classes, 4)) - want.double_value(&[])).abs() < 1e-12);
    }
}

#[test]
fn the_gradient_is_probability_minus_target_over_the_batch() {
    let (logits, targets) = toy();
    for share in [0.0, 0.1] {
        let logits = logits.copy().set_requires_grad(true);
        scored(share, &logits, &targets).loss.backward();
        let smoothed = &targets * (1.0 - share) + share / 4.0;
        let want = (logits.softmax(1, Kind::Double) - smoothed) / 5.0;
        assert!((logits.grad() - &want).abs().max().double_value(&[]) < 1e-12);
        let plain = logits.detach();
        let nudged = |by: f64| {
            let moved = plain.copy();
            let _ = moved.get(2).get(1).fill_(plain.double_value(&[2, 1]) + by);
            value(share, &moved, &targets)
        };
        let difference = (nudged(1e-6) - nudged(-1e-6)) / 2e-6;
        assert!((difference - want.double_value(&[2, 1])).abs() < 1e-8);
    }
}

#[test]
fn an_untrained_classifier_scores_the_logarithm_of_its_classes() {
    let logits = Tensor::zeros([6, 10], (Kind::Double, Device::Cpu));
    let targets = one_hot(&[0, 1, 2, 3, 4, 5], 10);
    for share in [0.0, 0.1] {
        assert!((value(share, &logits, &targets) - 10f64.ln()).abs() < 1e-12);
    }
}

#[test]
fn accuracy_is_the_fraction_of_largest_targets_found() {
    let targets = one_hot(&[0, 1, 2, 3], 4) * 0.6 + 0.1;
    let logits = one_hot(&[0, 1, 2, 0], 4) * 9.0;
    let report = scored(0.1, &logits, &targets).report;
    assert_eq!(report.len(), 1);
    assert_eq!((report[0].0, report[0].1.double_value(&[])), ("accuracy", 0.75));
}

#[test]
fn half_precision_logits_are_scored_in_single() {
    let (logits, targets) = toy();
    let loss = scored(0.1, &logits.to_kind(Kind::BFloat16), &targets.to_kind(Kind::Float)).loss;
    assert_eq!(loss.kind(), Kind::Float);
    assert!((loss.double_value(&[]) - value(0.1, &logits, &targets)).abs() < 0.02);
}

#[test]
fn unsupported_inputs_are_reported() {
    let (logits, targets) = toy();
    let classes = Classes { logits: &logits, targets: &targets.narrow(1, 0, 3) };
    let error = cross_entropy(0.0).score(&classes).unwrap_err().to_string();
    assert!(error.contains("[5, 4]") && error.contains("[5, 3]"), "{error}");
}

#[test]
fn properties_declare_the_task_of_the_built_loss() {
    let mut catalog = Catalog::default();
    plugins_loss::register(&mut catalog);
    assert_eq!(catalog.loss.names(), ["clip", "siglip", "multi_positive", "cross_entropy"]);
    for name in catalog.loss.names() {
        let section = Section::new("loss", 0..0, parse(format!("plugin = '{name}'")).unwrap());
        let planned = catalog.loss.plan(section).unwrap();
        let task = planned.properties.task;
        let vars = nn::VarStore::new(Device::Cpu);
        assert_eq!(
            planned.build(LossContext { vars: vars.root(), batch: 4 }).unwrap().task(),
            task,
            "{name}"
        );
        let want = if name == "cross_entropy" { Task::Classification } else { Task::Contrastive };
        assert_eq!(task, want, "{name}");
    }
}
