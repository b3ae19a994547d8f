//! Commands on recorded runs: list, show, metrics, diff, tag, note, delete, export.

use image::GenericImageView as _;
use serde_json::json;

use crate::{
    lab::Lab,
    program::{Running, assert_contains, bytes},
};

/// Two runs, `one` and `two`, with different seeds.
fn two_runs() -> Lab {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml", "--name", "one"]).success();
    lab.run(&["run", "tiny.toml", "--name", "two", "--set", "run.seed=4"]).success();
    lab
}

#[test]
fn runs_are_listed_shown_and_compared() {
    let lab = two_runs();
    let list = lab.runs();
    assert_eq!((&list[0]["name"], &list[1]["name"], list.len()), (&json!("two"), &json!("one"), 2));
    let uid = list[1]["uid"].as_str().unwrap();
    assert_contains(&lab.run(&["runs", "list"]).success(), &["NAME", "one", "two", uid, "finished", "12/12"]);
    // A run is named by its name, its uid or a prefix of the uid.
    for selector in ["one", uid, &uid[..25]] {
        assert_eq!(lab.json(&["runs", "show", selector])["run"]["uid"], uid);
    }
    assert_contains(&lab.run(&["runs", "show", "one"]).success(), &["train/loss", "last.safetensors", uid]);
    let metrics = lab.json(&["runs", "metrics", "one"])["metrics"].clone();
    let loss = metrics.as_array().unwrap().iter().find(|series| series["name"] == "train/loss").unwrap();
    assert_eq!((&loss["n"], &loss["last_step"]), (&json!(12), &json!(12)));
    assert_contains(
        &lab.run(&["runs", "metrics", "one"]).success(),
        &["train/loss", "val/retrieval/i2t/hit@10"],
    );
    let differences = lab.json(&["runs", "diff", "one", "two"])["differences"].clone();
    assert_eq!(differences, json!([{ "key": "run.seed", "a": 3, "b": 4 }]));
    assert_contains(&lab.run(&["runs", "diff", "one", "two"]).success(), &["run.seed", "3", "4"]);
    let error = lab.run(&["runs", "show", "onne"]).failure();
    assert_contains(&error, &["no run matches `onne`", "did you mean one"]);
}

#[test]
fn runs_are_tagged_noted_and_deleted() {
    let lab = two_runs();
    assert_contains(&lab.run(&["runs", "tag", "one", "good", "paper"]).success(), &["good, paper"]);
    assert_eq!(lab.json(&["runs", "tag", "one", "good", "--remove"])["tags"], json!(["paper"]));
    lab.run(&["runs", "note", "one", "its loss falls too slowly"]).success();
    assert_eq!(lab.json(&["runs", "note", "two", "better"])["notes"][0]["text"], "better");
    assert_contains(&lab.run(&["runs", "show", "one"]).success(), &["paper", "its loss falls too slowly"]);
    let folder = lab.folder();
    assert_contains(&lab.run(&["runs", "delete", "two"]).failure(), &["--yes", "two"]);
    assert!(folder.exists() && lab.newest()["name"] == "two", "without --yes nothing is deleted");
    let uid = lab.newest()["uid"].clone();
    assert_eq!(lab.json(&["runs", "delete", "two", "--yes"])["deleted"], json!([uid]));
    assert!(!folder.exists());
    assert_eq!(lab.runs().len(), 1);
    assert_contains(&lab.run(&["runs", "delete", "one", "--yes"]).success(), &["deleted one"]);
    assert_contains(&lab.run(&["runs", "list"]).success(), &["no runs yet", "clip-lab run"]);
    assert_eq!(lab.folders(), 0);
}

#[test]
fn charts_are_exported() {
    let lab = two_runs();
    let export = |out: &str, more: &[&str]| {
        let args = ["export", "one", "two", "--metric", "train/loss", "--out", out];
        lab.run(&[&args, more].concat())
    };
    export("a.svg", &["--x", "epoch", "--log"]).success();
    let svg = String::from_utf8(bytes(&lab.path("a.svg"))).unwrap();
    assert_contains(&svg, &["<svg", "</svg>", "train/loss", "one", "two"]);
    export("a.png", &["--smooth", "3"]).success();
    let drawn = image::open(lab.path("a.png")).unwrap();
    let mut shades: Vec<_> = drawn.pixels().map(|(_, _, shade)| shade.0).collect();
    shades.sort_unstable();
    shades.dedup();
    assert!(drawn.width() > 300 && shades.len() > 10, "{:?}, {} shades", drawn.dimensions(), shades.len());
    assert_contains(&export("a.csv", &[]).success(), &["written to a.csv"]);
    let csv = String::from_utf8(bytes(&lab.path("a.csv"))).unwrap();
    assert_eq!(csv.lines().count(), 1 + 24, "a header and twelve points of each run");
    assert_contains(&export("a.gif", &[]).failure(), &[".gif", ".svg, .png, .csv"]);
    let args = ["export", "one", "two", "--layout", "live", "--format", "png", "--out", "charts"];
    assert_contains(&lab.run(&args).success(), &["charts/training_loss.png", "nothing recorded for"]);
    assert!(image::open(lab.path("charts/training_loss.png")).is_ok());
    let args = ["export", "one", "--metric", "train/los", "--out", "b.csv"];
    assert_contains(&lab.run(&args).failure(), &["no metric `train/los`", "train/loss"]);
    assert!(!lab.path("b.csv").exists());
}

#[test]
fn without_a_store_every_command_fails() {
    let lab = Lab::empty();
    for args in
        [&["runs", "list"][..], &["export", "a", "--metric", "b", "--out", "c.csv"], &["runs", "show", "a"]]
    {
        assert_contains(&lab.run(args).failure(), &["there is no store at", "start one", "--store"]);
    }
    assert!(!lab.path("runs").exists(), "reading creates no files");
}

#[test]
fn a_dashboard_exits_with_its_terminal() {
    let lab = Lab::new();
    let dashboard = ["-c", include_str!("hang.py"), env!("CARGO_BIN_EXE_clip-lab"), "dashboard"];
    assert_contains(&Running::spawn(lab.program("python3", &dashboard)).wait().success(), &["exit status 0"]);
}
