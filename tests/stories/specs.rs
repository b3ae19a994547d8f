//! `clip-lab check` and `clip-lab plugins`.

use serde_json::Value;

use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
};

#[test]
fn check_distinguishes_valid_and_invalid_specs() {
    let lab = Lab::new();
    let line = "tiny.toml: tiny with resnet and bert to 16 dimensions, clip loss, 12 steps of captions in batches of 8\n";
    assert_eq!(lab.run(&["check", "tiny.toml", "--no-cost"]).success(), line);
    let faulty = TINY.replace("\"cosine\"", "\"cosin\"").replace("lr = 1e-3", "lr = -1");
    lab.write("faulty.toml", &faulty);
    let done = lab.run(&["check", "faulty.toml", "tiny.toml"]);
    assert_eq!(done.out, line, "the valid spec is reported too");
    let line_of = |text: &str| 1 + faulty.lines().position(|line| line == text).unwrap();
    let (cosine, rate) = (line_of("plugin = \"cosin\""), line_of("lr = -1"));
    let error = done.failure();
    assert_contains(
        &error,
        &[&format!("faulty.toml:{cosine}:"), "cosine", &format!("faulty.toml:{rate}:"), "2 problems", "^"],
    );
    assert_contains(&lab.run(&["run", "faulty.toml"]).failure(), &["2 problems in faulty.toml"]);
    assert_contains(
        &lab.run(&["check", "tiny.toml", "--set", "run.batch=1"]).failure(),
        &["at least 2", "run.batch=1"],
    );
    assert!(!lab.path("runs").exists(), "nothing was run");
}

#[test]
fn plugins_are_listed_and_explained() {
    let lab = Lab::empty();
    let all = lab.run(&["plugins"]).success();
    assert_contains(
        &all,
        &[
            "resnet",
            "vit",
            "clip_transformer",
            "clip_bpe",
            "siglip",
            "adamw",
            "cosine",
            "freeze",
            "zero_shot",
        ],
    );
    let losses = lab.run(&["plugins", "loss"]).success();
    assert_contains(&losses, &["clip", "siglip"]);
    let siglip = lab.run(&["plugins", "loss", "siglip"]).success();
    assert_contains(&siglip, &["siglip", "scale", "bias", "-10"]);
    assert!(losses.contains(&siglip) && !siglip.contains("adamw"));
    assert_contains(
        &lab.run(&["plugins", "loss", "siglipp"]).failure(),
        &["no loss plugin is called `siglipp`", "did you mean `siglip`?"],
    );
    assert_contains(
        &lab.run(&["plugins", "los"]).failure(),
        &["unknown plugin kind or table `los`", "did you mean `loss`?"],
    );
    let schema: Value = serde_json::from_str(&lab.run(&["plugins", "--schema"]).success()).unwrap();
    assert!(schema["properties"]["run"].is_object() && schema.to_string().contains("siglip"), "{schema}");
}
