//! Comparing trained runs.

use serde_json::json;

use crate::{lab::Lab, program::assert_contains};

/// Two arms of different learning rates, with two seeds each.
fn rates() -> Lab {
    let lab = Lab::new();
    for (arm, rate) in [("slow", "optimizer.lr=1e-4"), ("fast", "optimizer.lr=1e-2")] {
        for seed in ["run.seed=0", "run.seed=1"] {
            let args =
                ["run", "tiny.toml", "--name", arm, "--set", rate, "--set", seed, "--set", "run.steps=4"];
            lab.run(&args).success();
        }
    }
    lab
}

#[test]
fn arms_are_compared_by_their_recorded_metrics() {
    let lab = rates();
    let found = lab.json(&["compare", "slow", "fast", "--metric", "val/retrieval/t2i/hit@5"]);
    let [slow, fast] = [&found["tables"][0]["rows"][0], &found["tables"][0]["rows"][1]];
    assert_eq!((&found["version"], &found["reference"]), (&json!(1), &json!("slow")));
    assert_eq!((&fast["seeds"], &slow["is_reference"]), (&json!([0, 1]), &json!(true)));
    assert!(fast["queries"].as_u64().is_some_and(|queries| queries > 0), "its ranks were found: {fast}");
    assert!(fast["cost"]["samples"].as_f64().is_some_and(|samples| samples > 0.0));
    // The mean is over the values shown by the runs.
    let shown = |run: &serde_json::Value| {
        let metrics = lab.json(&["runs", "metrics", run.as_str().unwrap()])["metrics"].clone();
        let of = metrics
            .as_array()
            .unwrap()
            .iter()
            .find(|series| series["name"] == "val/retrieval/t2i/hit@5")
            .cloned();
        of.unwrap()["last"].as_f64().unwrap()
    };
    let runs = fast["runs"].as_array().unwrap();
    let mean = runs.iter().map(shown).sum::<f64>() / runs.len() as f64;
    assert!((fast["mean"]["value"].as_f64().unwrap() - mean).abs() < 1e-12);
    let text = lab.run(&["compare", "slow", "fast"]).success();
    assert_contains(&text, &["val/retrieval/t2i/hit@1", "reference", "DIFFERENCE [95%]", "slow", "fast"]);
    assert_contains(
        &lab.run(&["compare", "slow", "fast", "--markdown"]).success(),
        &["| slow | 2 |", "| fast | 2 |"],
    );
    assert_eq!(
        lab.run(&["compare", "slow", "fast", "--csv"])
            .success()
            .lines()
            .filter(|line| line.starts_with("val/"))
            .count(),
        2
    );
    assert_contains(
        &lab.run(&["compare", "slow", "fats"]).failure(),
        &["no run matches `fats`", "did you mean fast"],
    );
}
