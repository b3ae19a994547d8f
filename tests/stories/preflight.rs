//! Cost estimates, warnings, and overfitting one batch.

use serde_json::Value;

use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
};

fn cost(lab: &Lab, arguments: &[&str]) -> Value {
    let args: Vec<&str> = ["check", "tiny.toml", "--json"].iter().chain(arguments).copied().collect();
    let output: Value = serde_json::from_str(&lab.run(&args).success()).unwrap();
    output["specs"][0].clone()
}

#[test]
fn one_spec_is_checked_with_its_cost() {
    let lab = Lab::new();
    let output = lab.run(&["check", "tiny.toml"]).success();
    assert_contains(
        &output,
        &[
            "image ",
            "resnet",
            "text_projection",
            "FLOPs per sample",
            "12 updates of 8: 96 samples",
            "weights",
        ],
    );
    assert_contains(
        &output,
        &[
            "first loss  about 2.0794",
            "warning: ",
            "tiny.toml:6: a batch of 8 gives every pair only 7 negatives",
        ],
    );
    assert_eq!(
        lab.run(&["check", "tiny.toml", "tiny.toml"]).success().lines().count(),
        2,
        "several specs are printed in one line each"
    );
    assert_contains(&lab.run(&["check", "tiny.toml", "tiny.toml", "--cost"]).success(), &["first loss"]);
    assert!(!lab.path("runs").exists(), "nothing was run");
}

#[test]
fn costs_are_numbers_in_json() {
    let lab = Lab::new();
    let plain = cost(&lab, &[]);
    let found = &plain["cost"];
    assert_eq!(
        (&plain["good"], &found["updates"], &found["samples"]),
        (&true.into(), &12.into(), &96.into())
    );
    let part = |found: &Value, name: &str| -> Value {
        found["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap().clone()
    };
    let image = part(found, "image");
    assert_eq!(image["parameters"], image["trained"]);
    let forward: u64 = ["image", "image_projection", "text", "text_projection"]
        .iter()
        .map(|name| part(found, name)["forward_flops"].as_u64().unwrap())
        .sum();
    let training = found["train_flops_per_sample"].as_u64().unwrap();
    // Backward costs twice as much, except for the input gradient, which is not computed; the loss adds little.
    assert!((2 * forward..4 * forward).contains(&training), "{forward} {training}");
    let memory = &found["memory"];
    assert_eq!(
        memory["optimizer"].as_u64().unwrap() / memory["gradients"].as_u64().unwrap(),
        2,
        "AdamW keeps two"
    );
    assert!(memory["activations_per_sample"].as_u64().unwrap() > 5_000);
    lab.write(
        "tiny.toml",
        TINY.replace("[loss]", "[[trick]]\nplugin = \"freeze\"\nparams = [\"image.stages\"]\n[loss]"),
    );
    let locked = cost(&lab, &["--set", "loss.plugin=siglip", "--set", "run.recompute_activations=true"]);
    let image = part(&locked["cost"], "image");
    assert!(image["trained"].as_u64() < image["parameters"].as_u64(), "{image}");
    assert!(locked["cost"]["train_flops_per_sample"].as_u64().unwrap() < training);
    // SigLIP with its bias of -10 and eight pairs: ln(1 + e^10) + 7 ln(1 + e^-10).
    let first = locked["cost"]["first_loss"].as_f64().unwrap();
    assert!((first - 10.0003632).abs() < 1e-5, "{first}");
    let warnings = locked["cost"]["warnings"].to_string();
    assert_contains(&warnings, &["fits batches of about 22026 pairs", "bias = \\\"auto\\\"", "-1.9"]);
    let faulty = lab.run(&["check", "tiny.toml", "--json", "--set", "run.batch=1"]);
    assert_eq!(faulty.status.code(), Some(3));
    let output: Value = serde_json::from_str(&faulty.out).unwrap();
    let problem = &output["specs"][0]["problems"][0];
    assert_eq!((&output["good"], &problem["line"]), (&false.into(), &6.into()), "{output}");
    assert_contains(problem["message"].as_str().unwrap(), &["at least 2"]);
}

#[test]
fn equal_captions_are_warned_about() {
    let lab = Lab::new();
    let output = lab.run(&["check", "tiny.toml", "--set", "run.distinct=true"]).success();
    assert!(!output.contains("have a duplicate"), "{output}");
}

#[test]
fn one_batch_is_overfitted_or_not() {
    let lab = Lab::new();
    let learns = ["run", "tiny.toml", "--overfit=60", "--set", "optimizer.lr=0.02"];
    let good = lab.run(&learns).success();
    assert_contains(
        &good,
        &[
            "overfit: one batch, 60 steps: loss",
            "an untrained model has 2.0794",
            "the loss falls as expected",
        ],
    );
    let bad = lab.run(&["run", "tiny.toml", "--overfit=5", "--set", "optimizer.lr=1e-9"]);
    assert_eq!(bad.status.code(), Some(1), "{}", bad.out);
    assert_contains(&bad.out, &["does NOT fall as expected", "optimizer.lr is too low"]);
    assert!(!lab.path("runs").exists(), "nothing was recorded");
    assert_contains(&lab.run(&["run", "tiny.toml", "--overfit=0"]).err, &["--overfit", "zero"]);
}
