//! A run from start to end, without a terminal.

use std::fs;

use clip_lab_store::Reader;
use serde_json::Value;

use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
};

#[test]
fn plain_output_ends_with_paths_and_next_commands() {
    let lab = Lab::new();
    let out = lab.run(&["run", "tiny.toml", "--ui", "plain"]).success();
    let run = lab.newest();
    assert_eq!(
        (&run["status"], &run["step"], &run["total_steps"]),
        (&"finished".into(), &12.into(), &12.into())
    );
    let (uid, folder) = (run["uid"].as_str().unwrap(), run["dir"].as_str().unwrap());
    assert_contains(
        &out,
        &["resnet", "bert", "48 images, 12 steps of 8 pairs", "step 12/12", "0 s left", "finished"],
    );
    assert_contains(&out, &["val/retrieval/t2i/hit@1", "pairs/s in training", folder]);
    // The printed commands work.
    let commands: Vec<&str> = out.lines().filter_map(|line| Some(line.split_once("clip-lab ")?.1)).collect();
    assert_eq!(commands[0], format!("runs show {uid}"));
    for command in commands.iter().filter(|command| **command != "dashboard") {
        lab.run(&command.split(' ').collect::<Vec<_>>()).success();
    }
    assert!(lab.path("loss.svg").exists());
    assert!(lab.folder().join("last.safetensors").exists());
}

#[test]
fn every_line_of_json_parses() {
    let lab = Lab::new();
    let out = lab.run(&["run", "tiny.toml", "--ui", "json"]).success();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let (text, last) = out.lines().zip(&lines).filter(|(_, line)| line["step"].is_u64()).last().unwrap();
    assert_eq!((&last["step"], &last["total"]), (&12.into(), &12.into()));
    // Compared as text: serde_json parses numbers only up to the last digit.
    assert!(text.contains(&format!("\"loss\":{},", lab.losses()[11].1)), "{text}");
    assert!(last["pairs_per_s"].as_f64().unwrap() > 0.0 && last["seconds_left"] == 0.0);
    let last = lines.last().unwrap();
    assert_eq!((&last["ended"], &last["run"]), (&"finished".into(), &lab.newest()["uid"]));
    assert!(last["metrics"]["val/retrieval/t2i/hit@1"].is_f64(), "{last}");
    assert_contains(
        lines.last().unwrap()["event"].as_str().unwrap(),
        &["finished", lab.folder().to_str().unwrap()],
    );
}

#[test]
fn ui_none_prints_nothing() {
    let lab = Lab::new();
    let done = lab.run(&["run", "tiny.toml", "--ui", "none", "--set", "run.steps=2"]);
    assert_eq!((done.out.as_str(), done.err.as_str()), ("", ""));
    done.success();
    assert_eq!(lab.newest()["status"], "finished");
}

#[test]
fn the_record_has_the_spec_and_the_origin_of_each_setting() {
    let lab = Lab::new();
    let out = lab.run(&["run", "tiny.toml", "--name", "mine", "--set", "run.steps=3"]).success();
    assert!(out.lines().next().is_some_and(|line| line.ends_with("  mine")), "{out}");
    let shown = lab.shown();
    let origin = |key: &str| {
        let entry = shown["config"].as_array().unwrap().iter().find(|entry| entry["key"] == key).unwrap();
        (entry["value"].as_str().unwrap(), entry["origin"].as_str().unwrap())
    };
    let line = 1 + TINY.lines().position(|line| line == "batch = 8").unwrap();
    assert_eq!(origin("run.batch"), ("8", format!("tiny.toml:{line}").as_str()));
    assert_eq!(origin("run.steps"), ("3", "override"));
    assert_eq!(origin("run.log_every"), ("1", "default"));
    // The store and the run's folder have the spec with the override applied.
    let ran = TINY.replace("steps = 12", "steps = 3");
    let reader = Reader::open(&lab.store()).unwrap();
    let run = reader.run("mine").unwrap();
    assert_eq!(reader.spec_text(run.id).unwrap(), ran);
    assert_eq!(fs::read_to_string(run.dir.join("spec.toml")).unwrap(), ran);
    assert!(shown["environment"]["argv"].to_string().contains("run.steps=3"), "{}", shown["environment"]);
    assert_eq!(shown["environment"]["versions"]["libtorch"], "2.13.0");
}
