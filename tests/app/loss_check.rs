//! A step with the CPU's check of the loss and with that of GPUs: the same numbers, and no update from a non-finite loss.

use crate::support::{planned, serial_guard};
use clip_lab::{
    input::Batch,
    model::WeightsSource,
    train::{Components, Inputs, LossCheck, LossScale, Phases, Step, StepOutput, StepSettings},
};
use clip_lab_plugin_api::Tokens;
use tch::{Device, Kind, Tensor};

const CHECKS: [LossCheck; 2] = [LossCheck::BeforeBackward, LossCheck::BeforeUpdate];
const CLIP_GRAD: &str = "[[trick]]\nplugin = \"clip_grad\"\n";
const PAIRS: &str = include_str!("precision.toml");
const CLASSES: &str = concat!(
    r#"
name = "classes"
[run]
seed = 3
steps = 8
batch = 32
device = "cpu"
[data.train]
plugin = "emoji"
"#,
    include_str!("../support/classifier.toml"),
    r#"[optimizer]
plugin = "adamw"
lr = 1e-3
[schedule]
plugin = "constant"
"#
);

/// Pairs and classes, the whole batch at once and in micro-batches of four, and pairs in fp16.
fn specs() -> [String; 5] {
    let [pairs, classes] = [PAIRS, CLASSES].map(|spec| format!("{spec}{CLIP_GRAD}"));
    let with = |spec: &str, setting: &str| spec.replace("[run]\n", &format!("[run]\n{setting}\n"));
    let parts = |spec: &str| with(spec, "micro_batch = 4");
    [parts(&pairs), with(&pairs, "precision = \"fp16\""), pairs, parts(&classes), classes]
}

/// Eight different images whose pixels are multiplied by `factor`, with texts of five tokens and four classes.
fn batch(factor: f64) -> Batch {
    let int = (Kind::Int64, Device::Cpu);
    let rows = Tensor::arange(8, int);
    let ids = Tensor::arange(40, int).view([8, 5]);
    let pixels = Tensor::arange(8 * 3 * 16 * 16, (Kind::Float, Device::Cpu)).sin() * factor;
    Batch {
        images: Some(pixels.view([8, 3, 16, 16])),
        features: None,
        indices: rows.copy(),
        tokens: Tokens { mask: ids.ones_like().to_kind(Kind::Bool), ids },
        group: rows.copy(),
        classes: rows.remainder(4),
        slots: (0..8).collect(),
        captions: vec![[0; 2]; 8],
        unreadable: Vec::new(),
    }
}

/// Makes a step on each batch. Returns their outputs, and the trained parameters after each.
fn train(
    spec: &str,
    loss_check: LossCheck,
    batches: &[Batch],
    report: bool,
) -> Vec<(StepOutput, Vec<Tensor>)> {
    train_scaled(spec, loss_check, batches, report, &mut LossScale::new(planned(spec).run.precision))
}

/// As [`train`], with and for a loss scale.
fn train_scaled(
    spec: &str,
    loss_check: LossCheck,
    batches: &[Batch],
    report: bool,
    loss_scale: &mut LossScale,
) -> Vec<(StepOutput, Vec<Tensor>)> {
    let plan = planned(spec);
    let inputs = Inputs::open(&plan).unwrap();
    let mut components = Components::build(&plan, &inputs, Device::Cpu, WeightsSource::Spec).unwrap();
    let settings = StepSettings { loss_check, ..StepSettings::of(&plan, &inputs, Device::Cpu) };
    let (phases, mut steps) = (Phases::default(), Vec::new());
    for (number, batch) in (0..).zip(batches) {
        let (components, loss_scale) = (&mut components, &mut *loss_scale);
        let mut step = Step { components, loss_scale, phases: &phases, settings, report, shared: None };
        let output = step.run(batch, number, 1e-3).unwrap();
        let weights = step.components.params.trained().map(|param| param.tensor.copy()).collect();
        steps.push((output, weights));
    }
    steps
}

#[test]
fn both_checks_give_the_same_numbers() {
    let _guard = serial_guard();
    for spec in specs() {
        let [early, late] = CHECKS.map(|check| train(&spec, check, &[batch(1.0), batch(0.5)], true));
        for ((early, weights), (late, same)) in early.iter().zip(&late) {
            assert!(early.loss.is_finite());
            assert_eq!((early.loss, &early.report), (late.loss, &late.report));
            assert_eq!(weights, same);
        }
    }
}

#[test]
fn a_non_finite_loss_is_not_applied() {
    let _guard = serial_guard();
    for (spec, check) in specs().iter().flat_map(|spec| CHECKS.map(|check| (spec, check))) {
        let steps = train(spec, check, &[batch(1.0), batch(f64::NAN)], true);
        let [(first, before), (second, after)] = &steps[..] else { panic!("two steps") };
        assert!(first.loss.is_finite() && !second.loss.is_finite(), "{check:?}: {}", second.loss);
        assert_eq!(before, after, "{check:?}");
    }
}

#[test]
fn an_fp16_step_whose_loss_is_not_finite_is_skipped_and_halves_the_loss_scale() {
    let _guard = serial_guard();
    for check in CHECKS {
        let mut scale = LossScale::from_metadata("1024 7").unwrap();
        let steps = train_scaled(&specs()[1], check, &[batch(1.0), batch(f64::NAN)], true, &mut scale);
        let [(_, before), (second, after)] = &steps[..] else { panic!("two steps") };
        assert!(!second.loss.is_finite(), "{check:?}");
        assert_eq!(before, after, "{check:?}");
        assert_eq!(scale.factor(), Some(512.0), "{check:?}");
        assert!(scale.may_skip(), "{check:?}");
    }
}

#[test]
fn an_fp16_step_whose_gradients_overflow_is_skipped_and_halves_the_loss_scale() {
    let _guard = serial_guard();
    for check in CHECKS {
        // The gradients of the scaled loss exceed 65,504, the largest number of fp16.
        let mut scale = LossScale::from_metadata("1e30 7").unwrap();
        let steps = train_scaled(&specs()[1], check, &[batch(1.0), batch(0.5)], true, &mut scale);
        let [(first, before), (second, after)] = &steps[..] else { panic!("two steps") };
        assert!(first.loss.is_finite() && second.loss.is_finite(), "{check:?}");
        assert_eq!(before, after, "{check:?}");
        assert_eq!(scale.factor(), Some(0.25e30), "{check:?}");
    }
}

#[test]
fn values_are_reported_where_they_are_needed() {
    let _guard = serial_guard();
    for check in CHECKS {
        let names = |report| {
            let (output, _) = train(&specs()[2], check, &[batch(1.0)], report).remove(0);
            output.report.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(true), ["logit_scale", "grad_norm"]);
        assert!(names(false).is_empty());
    }
}
