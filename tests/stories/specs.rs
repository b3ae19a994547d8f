//! `clip-lab check` and `clip-lab plugins`.

use serde_json::Value;

use crate::{
    lab::{Lab, TINY},
    program::says,
};

#[test]
fn check_distinguishes_valid_and_invalid_specs() {
    let lab = Lab::new();
    let line = "tiny.toml: tiny with resnet and bert to 16 dimensions, clip loss, 12 steps of captions in batches of 8\n";
    assert_eq!(lab.run(&["check", "tiny.toml", "--no-cost"]).good(), line);
    let faulty = TINY.replace("\"cosine\"", "\"cosin\"").replace("lr = 1e-3", "lr = -1");
    lab.write("faulty.toml", &faulty);
    let done = lab.run(&["check", "faulty.toml", "tiny.toml"]);
    assert_eq!(done.out, line, "the good one is told all the same");
    let place = |text: &str| 1 + faulty.lines().position(|line| line == text).unwrap();
    let (cosine, rate) = (place("plugin = \"cosin\""), place("lr = -1"));
    let error = done.bad();
    says(
        &error,
        &[&format!("faulty.toml:{cosine}:"), "cosine", &format!("faulty.toml:{rate}:"), "2 problems", "^"],
    );
    says(&lab.run(&["run", "faulty.toml"]).bad(), &["2 problems in faulty.toml"]);
    says(&lab.run(&["check", "tiny.toml", "--set", "run.batch=1"]).bad(), &["at least 2", "run.batch=1"]);
    assert!(!lab.path("runs").exists(), "nothing was run");
}

#[test]
fn plugins_are_listed_and_explained() {
    let lab = Lab::empty();
    let all = lab.run(&["plugins"]).good();
    says(
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
    let losses = lab.run(&["plugins", "loss"]).good();
    says(&losses, &["clip", "siglip"]);
    let siglip = lab.run(&["plugins", "loss", "siglip"]).good();
    says(&siglip, &["siglip", "scale", "bias", "-10"]);
    assert!(losses.contains(&siglip) && !siglip.contains("adamw"));
    says(
        &lab.run(&["plugins", "loss", "siglipp"]).bad(),
        &["no loss plugin is called `siglipp`", "did you mean `siglip`?"],
    );
    says(&lab.run(&["plugins", "los"]).bad(), &["unknown plugin kind `los`", "did you mean `loss`?"]);
    let schema: Value = serde_json::from_str(&lab.run(&["plugins", "--schema"]).good()).unwrap();
    assert!(schema["properties"]["run"].is_object() && schema.to_string().contains("siglip"), "{schema}");
}
