//! First use: specs without a data root, and run lengths that do not fit.

use std::fs;

use crate::{
    lab::{Lab, TINY},
    program::{Running, assert_contains},
};

/// A study of three arms whose base spec has no data root.
fn rootless() -> Lab {
    let lab = Lab::new();
    lab.write("tiny.toml", TINY.replace("root = \"data\"\n", ""));
    let arms = ["0.1", "0.01", "0.001"].map(|lr| {
        format!("[[arm]]\nname = \"{lr}\"\nset = {{ \"optimizer.lr\" = {lr}, \"description\" = \"{lr}\" }}\n")
    });
    let head = "base = \"tiny.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n";
    lab.write("rates.toml", head.to_owned() + &arms.concat());
    lab
}

#[test]
fn a_missing_data_root_is_reported_once_at_its_line() {
    let lab = rootless();
    let line = TINY.lines().position(|line| line == "[data.train]").unwrap() + 1;
    let location = format!("tiny.toml:{line}:1");
    let how = ["--set data.train.root=FOLDER", "CLIP_LAB_DATA"];
    for (file, more) in [("tiny.toml", ""), ("rates.toml", "in every arm of rates.toml")] {
        let output = lab.run(&["check", file]).failure();
        assert_contains(&output, &[&location, how[0], how[1], more]);
        assert_eq!(output.matches("error: ").count(), 1, "{output}");
        assert!(output.contains("1 problem in tiny.toml"), "{output}");
    }
    // Other faults are reported too, and those of one arm name the arm.
    let odd = fs::read_to_string(lab.path("rates.toml")).unwrap() + "add.trick = [{ plugin = \"emma\" }]\n";
    lab.write("odd.toml", odd);
    let output = lab.run(&["check", "odd.toml"]).failure();
    assert_contains(&output, &[&location, "no trick plugin is called `emma`", "tiny.toml [arm 0.001]"]);
}

#[test]
fn the_environment_sets_a_missing_data_root() {
    let lab = rootless();
    let run = |args: &[&str]| {
        let mut command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), args);
        command.env("CLIP_LAB_DATA", lab.path("data"));
        Running::spawn(command).wait()
    };
    run(&["check", "tiny.toml", "rates.toml"]).success();
    run(&["run", "tiny.toml"]).success();
    let config = lab.shown()["config"].clone();
    let root = config.as_array().unwrap().iter().find(|entry| entry["key"] == "data.train.root").unwrap();
    assert_eq!(root["origin"], "environment", "{root}");
    assert_contains(&root["value"].to_string(), &[lab.path("data").to_str().unwrap()]);
    // A root in the spec takes precedence.
    lab.write("own.toml", TINY.replace("\"data\"", "\"elsewhere\""));
    assert_contains(&run(&["check", "own.toml"]).failure(), &["elsewhere"]);
    assert_contains(&lab.run(&["--help"]).success(), &["CLIP_LAB_DATA"]);
}

#[test]
fn missing_data_fail_the_check() {
    let lab = Lab::new();
    let line = TINY.lines().position(|line| line.starts_with("root")).unwrap() + 1;
    lab.write("moved.toml", TINY.replace("\"data\"", "\"nowhere\""));
    let output = lab.run(&["check", "moved.toml"]).failure();
    assert_contains(&output, &[&format!("moved.toml:{line}:"), "[data.train] cannot be opened", "nowhere"]);
    assert_eq!(output.matches("error: ").count(), 1, "{output}");
    let output = lab.run(&["check", "tiny.toml", "--set", "data.train.file=list.csv"]).failure();
    assert_contains(&output, &["[data.train] cannot be opened", "list.csv"]);
}

/// The overrides that a message suggests, as arguments.
fn suggested(message: &str) -> Vec<String> {
    let lines = message.split('`').filter(|part| part.starts_with("--set "));
    // A note repeats the given arguments.
    let line = lines.max_by_key(|line| line.len()).unwrap_or_else(|| panic!("{message}"));
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_run_that_is_too_short_suggests_the_overrides_it_needs() {
    let lab = Lab::new();
    let long = TINY.replace("steps = 12", "epochs = 20").replace("warmup = 2", "warmup = 20");
    lab.write("long.toml", &long);
    lab.run(&["check", "long.toml"]).success();
    for (set, whole) in [
        ("run.steps=4", "--set run.steps=4 --set schedule.warmup=0"),
        ("run.epochs=2", "--set run.epochs=2 --set schedule.warmup=1"),
    ] {
        let output = lab.run(&["check", "long.toml", "--set", set]).failure();
        let args = suggested(&output);
        assert_eq!(args.join(" "), whole, "{output}");
        let args: Vec<&str> =
            ["run", "long.toml"].into_iter().chain(args.iter().map(String::as_str)).collect();
        lab.run(&args).success();
    }
    assert_eq!(lab.runs().iter().map(|run| run["step"].as_u64().unwrap()).collect::<Vec<_>>(), [12, 4]);
}
