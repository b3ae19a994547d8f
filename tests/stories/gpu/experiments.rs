//! Two steps and the evaluation of every experiment that is not a study.

use std::{env, fs, os::unix::fs::symlink, path::Path};

use clip_lab::spec::study::is_study;

use super::device::{points, train};
use crate::lab::{COLOURS, Lab, colours};

/// Settings that make an experiment small: by what its spec says.
fn small(text: &str) -> Vec<String> {
    let mut sets =
        ["run.steps=2", "run.batch=8", "run.workers=1", "run.threads=1", "run.eval_every=0"].to_vec();
    sets.push("schedule.warmup=0");
    if text.contains("plugin = \"vit\"") {
        sets.push("model.image.depth=1");
    }
    if text.contains("plugin = \"clip_transformer\"") {
        sets.push("model.text.depth=1");
    }
    if text.contains("resnet50-keras") {
        sets.extend(["model.image.image_size=32", "preprocess.resized=32"]);
    }
    sets.into_iter().map(str::to_owned).collect()
}

/// Whether the pretrained weights are cached, for the lab too. Without them an experiment is skipped, except on CI.
fn weights(lab: &Lab, text: &str) -> bool {
    let cache = clip_lab_checkpoint::cache_dir().join("weights");
    let cached =
        ["resnet50-keras", "minilm-l6"].iter().all(|name| !text.contains(name) || cache.join(name).is_dir());
    assert!(cached || env::var_os("CI").is_none(), "the weights are not in {}", cache.display());
    fs::create_dir_all(lab.path("cache")).unwrap();
    symlink(&cache, lab.path("cache/weights")).unwrap();
    cached
}

/// Data of the lab in place of a user's, for the experiments that need their own.
fn data(lab: &Lab, text: &str) -> Vec<String> {
    if text.contains("plugin = \"image_folder\"") {
        colours(lab, "rgb", COLOURS, 8);
        return ["data.train.root=rgb", "data.test.root=rgb", "data.train.hold_out=0.2"]
            .map(str::to_owned)
            .into();
    }
    if !text.contains("plugin = \"captions\"") {
        return Vec::new();
    }
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let test = |(row, line): (usize, &str)| {
        if row % 2 == 0 { line.to_owned() } else { line.replace(",val", ",test") }
    };
    let lines: Vec<String> = list.lines().enumerate().map(test).collect();
    lab.write("data/captions.csv", lines.join("\n"));
    vec!["data.train.root=data".to_owned()]
}

fn trains(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let lab = Lab::new();
    if is_study(&text) || !weights(&lab, &text) {
        eprintln!("SKIPPED {}: a study, or without its weights", path.display());
        return;
    }
    let sets = [small(&text), data(&lab, &text)].concat();
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    train(&lab, path.to_str().unwrap(), &sets).success();
    assert_eq!(points(&lab, "train/loss").len(), 2, "{}", path.display());
}

#[test]
fn every_experiment_trains_and_evaluates() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let specs = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let specs: Vec<_> = specs.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    assert!(specs.len() > 8);
    specs.iter().for_each(|path| trains(path));
}
