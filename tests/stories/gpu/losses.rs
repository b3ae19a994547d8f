//! Losses on the device are those of the CPU and of PyTorch.

use std::fs;

use super::device::{is_real, on_device, points, run, train, with_sets};
use crate::{
    lab::{COLOURS, Lab, colours},
    program::assert_contains,
    support::{assert_matches_pytorch, goldens, recipe, towers_from},
};

/// A classifier that starts from class names, with images and labels mixed.
pub fn classifier() -> String {
    format!(
        r#"
name = "mixed"
[run]
steps = 4
batch = 6
[data.train]
plugin = "image_folder"
root = "rgb"
[[augment]]
plugin = "random_erasing"
[[augment]]
plugin = "mixup"
[[augment]]
plugin = "cutmix"
{towers}[model.classifier]
init = "zero_shot"
[loss]
plugin = "cross_entropy"
label_smoothing = 0.1
[optimizer]
plugin = "adamw"
lr = 1e-3
[schedule]
plugin = "constant"
"#,
        towers = towers_from(&goldens("training/init"))
    )
}

/// The lab of a recipe of PyTorch's goldens: a CLIP of two small transformers from stored weights. Random weights would
/// differ, as a device has a random generator of its own.
fn lab(name: &str, more: &str) -> (Lab, serde_json::Value) {
    let (spec, expected) = recipe(name, more);
    let lab = Lab::empty();
    lab.write("spec.toml", spec);
    (lab, expected)
}

/// Trains on the CPU and on the device, and compares the losses of every step.
#[track_caller]
fn equal(lab: &Lab, sets: &[&str], tolerance: f64) {
    lab.run(&with_sets(&["run", "spec.toml", "--set", "run.device=cpu"], sets)).success();
    let cpu = points(lab, "train/loss");
    train(lab, "spec.toml", sets).success();
    let device = points(lab, "train/loss");
    assert_eq!(cpu.len(), device.len());
    // Kernels of a real device add in another order.
    let tolerance = if is_real() { tolerance.max(1e-3) } else { tolerance };
    for (step, (cpu, device)) in cpu.iter().zip(&device).enumerate() {
        let bound = tolerance * cpu.abs().max(1.0);
        assert!(
            (cpu - device).abs() <= bound,
            "{sets:?}, step {step}: {cpu} on the CPU, {device} on the device"
        );
    }
}

#[track_caller]
fn as_pytorch(name: &str, more: &str) {
    let (lab, expected) = lab(name, more);
    train(&lab, "spec.toml", &[]).success();
    assert_matches_pytorch(&expected, |metric| points(&lab, metric));
}

#[test]
fn a_contrastive_vit_trains_as_in_pytorch() {
    as_pytorch("plain", "");
}

#[test]
fn layer_decay_and_averaged_weights_train_as_in_pytorch() {
    let layer_decay = "[[trick]]\nplugin = \"layer_decay\"\ntowers = [\"image\", \"text\"]\ndecay = 0.65\n";
    as_pytorch("llrd_ema", &format!("{layer_decay}[[trick]]\nplugin = \"ema\"\ndecay = 0.9\n"));
}

#[test]
fn every_way_to_compute_a_step_gives_the_losses_of_the_cpu() {
    let (lab, _) = lab("plain", "");
    let steps = ["run.steps=3", "schedule.warmup=1"];
    for (set, tolerance) in [
        ("run.micro_batch=10", 1e-5),
        ("run.recompute_activations=true", 1e-5),
        ("run.channels_last=true", 1e-5),
        ("run.precision=tf32", 1e-5),
        // The two devices cast other operations to 16 bits.
        ("run.precision=bf16", 1e-2),
    ] {
        equal(&lab, &[&steps[..], &[set]].concat(), tolerance);
    }
}

#[test]
fn two_processes_on_one_device_give_the_losses_of_one() {
    let (lab, _) = lab("plain", "");
    let device = on_device();
    let sets = [device.as_str(), "run.steps=3", "schedule.warmup=1", "run.micro_batch=16"];
    train(&lab, "spec.toml", &sets[1..]).success();
    let one = points(&lab, "train/loss");
    run(&lab, &with_sets(&["run", "spec.toml", "--nproc", "2"], &sets)).success();
    let two = points(&lab, "train/loss");
    assert_eq!((one.len(), two.len()), (3, 3));
    let near = |(one, two): (&f64, &f64)| (one - two).abs() <= if is_real() { 1e-3 } else { 1e-6 };
    assert!(one.iter().zip(&two).all(near), "{one:?} of one process, {two:?} of two");
}

#[test]
fn losses_over_pairs_are_those_of_the_cpu() {
    let (lab, _) = lab("plain", "");
    let spec = fs::read_to_string(lab.path("spec.toml")).unwrap();
    let (before, after) = spec.split_once("[loss]\n").unwrap();
    let after = after.split_once('\n').unwrap().1;
    let loss = |plugin: &str| {
        lab.write("spec.toml", format!("{before}[loss]\nplugin = \"{plugin}\"\n{after}"));
        equal(&lab, &["run.steps=3", "schedule.warmup=1"], 1e-5);
    };
    loss("siglip");
    loss("multi_positive");
}

#[test]
fn a_locked_tower_trains_from_its_cached_features() {
    let (lab, _) = lab("plain", "[model]\nlock = \"LU\"\n");
    let sets = ["run.steps=3", "schedule.warmup=1"];
    equal(&lab, &sets, 1e-5);
    let computed = points(&lab, "train/loss");
    assert_contains(&train(&lab, "spec.toml", &sets).success(), &["read from the cache"]);
    assert_eq!(points(&lab, "train/loss"), computed);
}

#[test]
fn fine_tuning_a_classifier_with_mixing_gives_the_losses_of_the_cpu() {
    let lab = Lab::empty();
    colours(&lab, "rgb", COLOURS, 8);
    lab.write("spec.toml", classifier());
    // Logits of scale 100 magnify the last bits.
    equal(&lab, &[], 1e-4);
}
