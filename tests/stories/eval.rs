//! `clip-lab eval`: a run on its own data, a model on other data, and interpolated weights.

use std::fs;

use serde_json::Value;

use crate::{
    lab::{COLOURS, Lab, colours},
    program::assert_contains,
    support::goldens,
};

const METRIC: &str = "val/retrieval/t2i/mean_rank";

fn metric(found: &Value) -> f64 {
    found["metrics"][METRIC].as_f64().unwrap_or_else(|| panic!("no {METRIC} in {found}"))
}

#[test]
fn evaluating_a_run_again_gives_the_same_metrics() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let metrics = lab.json(&["runs", "metrics", &uid])["metrics"].clone();
    let recorded = metrics.as_array().unwrap().iter().find(|series| series["name"] == METRIC).unwrap();
    let again = lab.json(&["eval", &uid]);
    assert_eq!(again["version"], 1);
    assert_eq!(metric(&again), recorded["last"].as_f64().unwrap());
    let file = format!("runs/{uid}/last.safetensors");
    assert_eq!(lab.json(&["eval", &file]), again, "by its checkpoint");
    lab.run(&["eval", &uid, "--suite", "retrieval"]).success();
    let shown = lab.json(&["runs", "show", &uid]);
    for evaluation in shown["evaluations"].as_array().unwrap() {
        let metrics = evaluation["metrics"].as_array().unwrap();
        let named = |end: &str| metrics.iter().find(|metric| metric["name"].as_str().unwrap().ends_with(end));
        let goals = ["t2i/mrr", "t2i/mean_rank"].map(|end| named(end).unwrap()["goal"].clone());
        assert_eq!(goals, ["up", "down"], "as the evaluator declares: {evaluation}");
    }
}

#[test]
fn a_run_on_class_folders_is_recorded_shown_and_compared() {
    let lab = Lab::new();
    colours(&lab, "rgb/test", COLOURS, 4);
    lab.write("names.txt", "red\ngreen\nblue\n");
    for seed in ["1", "2"] {
        lab.run(&[
            "run",
            "tiny.toml",
            "--set",
            &format!("run.seed={seed}"),
            "--name",
            &format!("tiny{seed}"),
        ])
        .success();
        let args = ["eval", &format!("tiny{seed}"), "--data", "rgb", "--classes", "names.txt"];
        let found = lab.json(&[&args[..], &["--templates", "openai80"]].concat());
        assert_eq!(
            (&found["version"], &found["name"], &found["weights"]),
            (&1.into(), &"rgb-test".into(), &"raw".into())
        );
        let metrics = found["metrics"].as_object().unwrap();
        let names: Vec<&str> = metrics.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["rgb-test/zero_shot/mean_per_class", "rgb-test/zero_shot/top1"],
            "no captions, so no retrieval"
        );
        assert_eq!(metrics["rgb-test/zero_shot/top1"], metrics["rgb-test/zero_shot/mean_per_class"]);
        assert_eq!(found["settings"]["templates"], "openai80");
    }
    let shown = lab.run(&["runs", "show", "tiny1"]).success();
    assert_contains(
        &shown,
        &["EVALUATIONS AFTER TRAINING", "rgb, test", "templates openai80", "rgb-test/zero_shot/top1"],
    );
    let all = lab.json(&["runs", "show", "tiny1"]);
    assert_eq!(all["evaluations"][0]["metrics"].as_array().unwrap().len(), 2);
    let metric = "rgb-test/zero_shot/top1";
    let compared = lab.json(&["compare", "tiny1", "tiny2", "--metric", metric]);
    assert_eq!(compared["tables"][0]["metric"], metric, "{compared}");
    assert_contains(&lab.run(&["compare", "tiny1", "tiny2", "--metric", metric]).success(), &[metric]);
}

#[test]
fn confusions_are_printed_and_drawn() {
    let lab = Lab::new();
    colours(&lab, "rgb", COLOURS, 3);
    lab.run(&["run", "tiny.toml"]).success();
    for image in ["c.png", "c.svg"] {
        let done = lab.run(&["eval", "tiny", "--data", "rgb", "--confusion", image]);
        let out = done.success();
        assert_contains(&out, &["rgb/zero_shot/top1", "classified as"]);
        assert!(fs::metadata(lab.path(image)).unwrap().len() > 1000, "{image}");
    }
    let drawn = fs::read_to_string(lab.path("c.svg")).unwrap();
    assert_contains(&drawn, &["tiny on rgb", "\nc0\n", "predicted classes"]);
    let refused = lab.run(&["eval", "tiny", "--data", "rgb", "--confusion", "c.docx"]).failure();
    assert_contains(&refused, &["`.docx` is not one of"]);
    assert_contains(
        &lab.run(&["eval", "tiny", "--suite", "retrieval", "--confusion", "d.png"]).failure(),
        &["--confusion needs zero_shot or classification"],
    );
}

#[test]
fn a_folder_of_another_tool_is_evaluated_on_retrieval() {
    let root = goldens("models");
    let lab = Lab::new();
    let model = root.join("hf_clip");
    let found = lab.json(&["eval", model.to_str().unwrap(), "--data", "data", "--split", "all"]);
    let metrics = found["metrics"].as_object().unwrap();
    assert!(metrics["data/retrieval/t2i/mean_rank"].as_f64().unwrap() >= 1.0, "{found}");
    assert_eq!(found["settings"]["pictures"], 56);
    assert!(found["run"].is_null() && found["evaluation"].is_null());
    let refused = lab.run(&["eval", model.to_str().unwrap()]).failure();
    assert_contains(&refused, &["has no data of its own", "--data"]);
}

#[test]
fn unsuitable_data_are_reported() {
    let lab = Lab::new();
    colours(&lab, "rgb", COLOURS, 1);
    lab.run(&["run", "tiny.toml"]).success();
    lab.write("two.txt", "red\ngreen\n");
    lab.write("bare.toml", "templates = ['a photo']\n");
    fs::create_dir(lab.path("empty")).unwrap();
    let refused = |args: &[&str]| lab.run(&[&["eval", "tiny"], args].concat()).failure();
    assert_contains(&refused(&["--data", "nowhere"]), &["`nowhere` is neither a folder nor a spec"]);
    assert_contains(&refused(&["--data", "empty"]), &["empty"]);
    assert_contains(
        &refused(&["--data", "rgb", "--split", "val"]),
        &["the data has no split `val`; it has all"],
    );
    assert_contains(
        &refused(&["--data", "rgb", "--suite", "retreival"]),
        &["retreival", "known: retrieval, zero_shot"],
    );
    assert_contains(&refused(&["--data", "rgb", "--templates", "openai8"]), &["openai8", "openai80"]);
    assert_contains(&refused(&["--data", "rgb", "--templates", "bare.toml"]), &["`a photo` has no {}"]);
    assert_contains(
        &refused(&["--data", "rgb", "--classes", "two.txt"]),
        &["two.txt", "2 classes", "3 folders"],
    );
    assert_contains(&refused(&["--data", "rgb", "--as", "test"]), &["reserved for training metrics"]);
    assert_contains(&refused(&["--weights", "ema", "--data", "rgb"]), &["best_ema"]);
    let captions = lab.run(&["eval", "tiny", "--data", "data", "--suite", "zero_shot"]).failure();
    assert_contains(&captions, &["zero_shot needs images with classes"]);
}

#[test]
fn interpolation_starts_at_one_model_and_ends_at_the_other() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let args = ["eval", "--interpolate", "tiny.toml", &uid, "--alpha", "0,0.5,1"];
    let interpolated = lab.json(&args);
    let rows = interpolated["rows"].as_array().unwrap();
    let alphas: Vec<f64> = rows.iter().map(|row| row["alpha"].as_f64().unwrap()).collect();
    assert_eq!(alphas, [0.0, 0.5, 1.0]);
    assert_eq!(
        metric(&rows[0]),
        metric(&lab.json(&["eval", "tiny.toml"])),
        "alpha 0: the initial weights of the run"
    );
    assert_eq!(metric(&rows[2]), metric(&lab.json(&["eval", &uid])), "alpha 1: its final weights");
    assert!(
        interpolated["best_alpha"].is_number() && interpolated["goal"] == "val/retrieval/t2i/hit@1",
        "{interpolated}"
    );
    assert_contains(&lab.run(&args).success(), &["alpha", "val/retrieval/t2i/hit@1", "best on val"]);
}

#[test]
fn invalid_arguments_of_eval_are_reported() {
    let lab = Lab::new();
    let refused = |args: &[&str]| lab.run(&[&["eval"], args].concat()).failure();
    assert_contains(&refused(&["nobody"]), &["`nobody` is neither a spec nor a checkpoint", "no store"]);
    lab.run(&["run", "tiny.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    lab.write("wider.toml", crate::lab::TINY.replace("widths = [8, 16]", "widths = [8, 32]"));
    assert_contains(
        &refused(&["--interpolate", "wider.toml", &uid]),
        &["in the first model and", "in the second"],
    );
    lab.write(
        "blind.toml",
        crate::lab::TINY
            .replace("[data.val]\nsplit = \"val\"\n", "")
            .replace("[[eval]]\nplugin = \"retrieval\"\n", ""),
    );
    assert_contains(&refused(&["blind.toml"]), &["has neither [data.val] nor [data.test]"]);
}
