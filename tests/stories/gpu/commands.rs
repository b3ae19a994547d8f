//! Commands other than `run` use the first GPU.

use clip_lab_checkpoint::TensorFile;
use serde_json::Value;
use tch::Kind;

use super::device::{counts, is_real, run, train};
use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
    support::goldens,
};

/// Asserts that the last program computed on the device.
fn assert_used(lab: &Lab) {
    if !is_real() {
        let all = counts(lab);
        assert!(!all["operations"].as_object().unwrap().is_empty(), "{all}");
    }
}

#[test]
fn embeddings_are_those_of_the_cpu() {
    let (lab, root) = (Lab::empty(), goldens("models"));
    let (model, images, texts) = (root.join("hf_clip"), root.join("../images"), root.join("../texts.txt"));
    let [model, images, texts] = [&model, &images, &texts].map(|path| path.to_str().unwrap());
    let embed = |out| ["embed", model, "--images", images, "--texts", texts, "--out", out];
    lab.run(&embed("cpu.safetensors")).success();
    run(&lab, &embed("device.safetensors")).success();
    assert_used(&lab);
    for name in ["image_embeds", "text_embeds"] {
        let [cpu, device] = ["cpu", "device"].map(|file| {
            let file = TensorFile::open(&lab.path(&format!("{file}.safetensors"))).unwrap();
            file.tensor(name).unwrap()
        });
        let far = (cpu - device).abs().max().to_kind(Kind::Double).double_value(&[]);
        assert!(far <= if is_real() { 1e-4 } else { 1e-6 }, "{name}: {far:e}");
    }
}

#[test]
fn a_run_is_evaluated_interpolated_and_searched() {
    let lab = Lab::new();
    lab.write("tiny.toml", TINY.to_owned() + "[[trick]]\nplugin = \"ema\"\n");
    train(&lab, "tiny.toml", &["run.steps=2", "schedule.warmup=1"]).success();
    let recorded = lab.json(&["runs", "metrics", "tiny"]);
    let metric = "val/retrieval/t2i/mean_rank";
    let series = recorded["metrics"].as_array().unwrap().iter().find(|one| one["name"] == metric).unwrap();
    let evaluated = run(&lab, &["eval", "tiny", "--no-record", "--json"]).success();
    assert_used(&lab);
    let evaluated: Value = serde_json::from_str(&evaluated).unwrap();
    assert_eq!(evaluated["metrics"][metric], series["last"]);
    let interpolate = ["eval", "--interpolate", "tiny", "tiny.toml", "--alpha", "0", "0.5", "--no-record"];
    run(&lab, &interpolate).success();
    let found = run(&lab, &["search", "tiny", "--images", "data", "a square", "-k", "2"]).success();
    assert_used(&lab);
    assert_contains(&found, &["a square\nRANK"]);
}

#[test]
fn prompts_are_ranked() {
    let lab = Lab::empty();
    let emoji = TINY.replace("plugin = \"captions\"\nroot = \"data\"", "plugin = \"emoji\"");
    lab.write("emoji.toml", emoji + "[data.test]\nsplit = \"test\"\n[[eval]]\nplugin = \"zero_shot\"\n");
    lab.write("mine.toml", "templates = ['{}', 'a photo of a {}.']\n");
    train(&lab, "emoji.toml", &["run.steps=1", "run.eval_every=0", "schedule.warmup=0"]).success();
    run(&lab, &["prompts", "tiny", "--templates", "mine.toml", "--most", "2"]).success();
    assert_used(&lab);
}
