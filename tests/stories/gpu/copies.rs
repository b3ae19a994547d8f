//! How often a program waits for the device and what it copies, counted by the test device.

use super::device::{counts, is_real, train};
use crate::lab::{COLOURS, Lab, TINY, colours};

/// The counters of a training step. Synchronizations are not among them: the measurement of the peak makes as many as it has
/// time for.
const COUNTERS: [&str; 6] = [
    "/up_pinned_async/count",
    "/up_pinned_blocking/count",
    "/up_pageable/count",
    "/down/count",
    "/host_reads",
    "/data_dependent",
];
/// Two copies to the device, of images and of integers, during which the host continues; one copy back, of the loss and of
/// what is recorded, for which it waits.
const STEP: [i64; 6] = [2, 0, 0, 1, 0, 0];

/// The counts of a step: a tenth of the difference between runs of 12 and of 2 steps.
fn of_a_step(lab: &Lab, sets: &[&str]) -> [i64; 6] {
    let after = |steps: &str| {
        let fixed = [steps, "run.eval_every=0", "run.checkpoint_every=0"];
        train(lab, "spec.toml", &[&fixed[..], sets].concat()).success();
        let all = counts(lab);
        COUNTERS.map(|counter| all.pointer(counter).unwrap().as_i64().unwrap())
    };
    let (few, many) = (after("run.steps=2"), after("run.steps=12"));
    let difference: [i64; 6] = std::array::from_fn(|index| many[index] - few[index]);
    assert!(difference.iter().all(|count| count % 10 == 0), "the steps differ: {few:?}, {many:?}");
    difference.map(|count| count / 10)
}

#[test]
fn a_step_copies_its_batch_without_waiting_and_waits_once() {
    if is_real() {
        return;
    }
    let lab = Lab::new();
    lab.write("spec.toml", TINY.replace("\"cosine\"\nwarmup = 2", "\"constant\""));
    assert_eq!(of_a_step(&lab, &[]), STEP);
    let sets = ["run.micro_batch=3", "run.log_every=5", "loss.plugin=multi_positive"];
    assert_eq!(of_a_step(&lab, &sets), STEP, "micro-batches are views of the batch");
}

#[test]
fn a_step_of_a_classifier_with_mixing_copies_no_more() {
    if is_real() {
        return;
    }
    let lab = Lab::empty();
    colours(&lab, "rgb", COLOURS, 8);
    lab.write("spec.toml", super::losses::classifier());
    assert_eq!(of_a_step(&lab, &[]), STEP);
}

#[test]
fn an_evaluation_waits_for_a_few_values_only() {
    if is_real() {
        return;
    }
    let lab = Lab::new();
    lab.write("spec.toml", TINY);
    train(&lab, "spec.toml", &["run.steps=2", "schedule.warmup=0"]).success();
    let all = counts(&lab);
    let waits = ["/host_reads", "/up_pageable/count", "/data_dependent"];
    let total: i64 = waits.iter().map(|counter| all.pointer(counter).unwrap().as_i64().unwrap()).sum();
    assert!((1..=20).contains(&total), "{all}");
}
