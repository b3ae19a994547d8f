//! `clip-lab eval`: a run again, and the weights between two models.

use serde_json::Value;

use crate::{lab::Lab, program::says};

const METRIC: &str = "val/retrieval/t2i/mean_rank";

fn metric(found: &Value) -> f64 {
    found["metrics"][METRIC].as_f64().unwrap_or_else(|| panic!("no {METRIC} in {found}"))
}

#[test]
fn a_run_evaluated_again_says_what_it_said() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).good();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let told = lab.json(&["runs", "metrics", &uid]);
    let told = told.as_array().unwrap().iter().find(|series| series["name"] == METRIC).unwrap();
    let again = lab.json(&["eval", &uid]);
    assert_eq!(again["version"], 1);
    assert_eq!(metric(&again), told["last"].as_f64().unwrap());
    let file = format!("runs/{uid}/last.safetensors");
    assert_eq!(lab.json(&["eval", &file]), again, "by its checkpoint");
}

#[test]
fn interpolation_goes_from_one_model_to_the_other() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).good();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let words = ["eval", "--interpolate", "tiny.toml", &uid, "--alpha", "0,0.5,1"];
    let way = lab.json(&words);
    let rows = way["rows"].as_array().unwrap();
    let alphas: Vec<f64> = rows.iter().map(|row| row["alpha"].as_f64().unwrap()).collect();
    assert_eq!(alphas, [0.0, 0.5, 1.0]);
    assert_eq!(
        metric(&rows[0]),
        metric(&lab.json(&["eval", "tiny.toml"])),
        "the weights that a run begins with"
    );
    assert_eq!(metric(&rows[2]), metric(&lab.json(&["eval", &uid])), "those that it ends with");
    assert!(way["best_alpha"].is_number() && way["goal"] == "val/retrieval/t2i/hit@1", "{way}");
    says(&lab.run(&words).good(), &["alpha", "val/retrieval/t2i/hit@1", "best on val"]);
}

#[test]
fn what_cannot_be_evaluated_is_told() {
    let lab = Lab::new();
    let refused = |words: &[&str]| lab.run(&[&["eval"], words].concat()).bad();
    says(&refused(&["nobody"]), &["`nobody` is no spec and no checkpoint", "no store"]);
    lab.run(&["run", "tiny.toml"]).good();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    lab.write("wider.toml", crate::lab::TINY.replace("widths = [8, 16]", "widths = [8, 32]"));
    says(&refused(&["--interpolate", "wider.toml", &uid]), &["in the first model and", "in the second"]);
    lab.write(
        "blind.toml",
        crate::lab::TINY
            .replace("[data.val]\nsplit = \"val\"\n", "")
            .replace("[[eval]]\nplugin = \"retrieval\"\n", ""),
    );
    says(&refused(&["blind.toml"]), &["has neither [data.val] nor [data.test]"]);
}
