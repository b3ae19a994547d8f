//! Several processes give the losses and weights of one.

use std::fs;

use super::trained::{LOSS, Trained, WEIGHTS, assert_equal, lab, spec};
use crate::{
    lab::{COLOURS, Lab, colours},
    program::assert_contains,
};

#[test]
fn two_processes_give_the_losses_and_weights_of_one() {
    for (what, loss, tricks) in [
        ("clip", "plugin = \"clip\"", ""),
        ("siglip, ema", "plugin = \"siglip\"", "[[trick]]\nplugin = \"ema\"\ndecay = 0.9\n"),
        (
            "multi_positive, clip_grad",
            "plugin = \"multi_positive\"",
            "[[trick]]\nplugin = \"clip_grad\"\nmax_norm = 0.5\n",
        ),
        ("clip, layer_decay", "plugin = \"clip\"", "[[trick]]\nplugin = \"layer_decay\"\n"),
        (
            "clip, text locked until 7",
            "plugin = \"clip\"",
            "[[trick]]\nplugin = \"freeze\"\nparams = [\"text\"]\nuntil = 7\n",
        ),
    ] {
        assert_equal(&lab(&spec(loss, tricks)), what, &[], &["2"]);
    }
}

/// The spec with the image tower of a run, locked.
fn locked(uid: &str) -> String {
    let text = spec("plugin = \"clip\"", "[[trick]]\nplugin = \"freeze\"\n");
    let (head, rest) = text.split_once("[model.image]").unwrap();
    let rest = rest.split_once("[model.text]").unwrap().1;
    format!("{head}[model.image]\nfrom = \"runs/{uid}\"\n[model.text]{rest}")
}

#[test]
fn a_locked_tower_is_the_same_on_all_processes() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    lab.run(&["run", "tiny.toml"]).success();
    let spec = locked(lab.newest()["uid"].as_str().unwrap());
    lab.write("tiny.toml", &spec);
    assert_equal(&lab, "locked", &[], &["2"]);
    // Without random augmentation the features are cached, and an unreadable image is known before the first step.
    let (head, rest) = spec.split_once("[[augment]]").unwrap();
    lab.write("tiny.toml", format!("{head}[tokenizer]{}", rest.split_once("[tokenizer]").unwrap().1));
    fs::write(lab.path("data/11.png"), "not an image").unwrap();
    assert_equal(&lab, "cached features, an unreadable image", &[], &["2"]);
}

#[test]
fn micro_batches_of_a_process_are_those_of_the_whole_batch() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let sixteen = ["--set", "run.batch=16"];
    assert_equal(&lab, "batches of 16", &sixteen, &["2", "4"]);
    assert_loads_are_recorded(&lab, 4);
    let four = Trained::newest(&lab);
    lab.run(&[&["run", "tiny.toml", "--set", "run.micro_batch=16"], &sixteen[..]].concat()).success();
    let (losses, weights) = Trained::newest(&lab).differences(&four);
    println!("other micro-batches: losses differ by {losses:.1e}, weights by {weights:.1e}");
    assert!(losses > 1e3 * LOSS && weights > 1e2 * WEIGHTS, "these tests would see a difference");
}

/// The newest run has the times and the memory of each of its processes, and names the slowest.
#[track_caller]
fn assert_loads_are_recorded(lab: &Lab, processes: usize) {
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let metrics = lab.json(&["runs", "metrics", &uid])["metrics"].clone();
    let last = |name: &str| {
        let found = metrics.as_array().unwrap().iter().find(|metric| metric["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))["last"].as_f64().unwrap()
    };
    assert!((0..processes).any(|rank| last("ranks/slowest") == rank as f64));
    for rank in 0..processes {
        let [compute, memory] = ["compute_s", "memory_gib"].map(|name| last(&format!("ranks/{rank}/{name}")));
        assert!(compute > 0.0 && memory > 0.01, "{rank}: {compute} s, {memory} GiB");
        assert!(last(&format!("ranks/{rank}/wait_s")) > 0.0);
    }
}

#[test]
fn classes_are_trained_as_by_one_process() {
    let lab = Lab::new();
    colours(&lab, "rgb", COLOURS, 8);
    let text = spec("plugin = \"cross_entropy\"", "");
    let (run, rest) = text.split_once("[data.train]").unwrap();
    let image = rest.split_once("[model.image]").unwrap().1.split_once("[model.text]").unwrap().0;
    let loss = rest.split_once("[loss]").unwrap().1.split_once("[[eval]]").unwrap().0;
    let data = "[data.train]\nplugin = \"image_folder\"\nroot = \"rgb\"\n";
    let spec = format!("{run}{data}[model.image]{image}[model.classifier]\n[loss]{loss}");
    lab.write("tiny.toml", spec);
    assert_equal(&lab, "cross_entropy", &[], &["2"]);
}

#[test]
fn an_unreadable_image_of_one_process_leaves_the_others_equal() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    fs::write(lab.path("data/07.png"), "not an image").unwrap();
    assert_equal(&lab, "an unreadable image", &[], &["2"]);
    let events = lab.events("broken_picture");
    assert!(events.len() == 1 && events[0].contains("07.png"), "{events:?}");
}

#[test]
fn a_process_without_readable_images_leaves_the_others_equal() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    fs::write(lab.path("data/07.png"), "not an image").unwrap();
    // AdamW divides the rounding of gradients that are nearly zero, as behind batch norm of one row, by themselves.
    let one_row = ["run.batch=4", "run.micro_batch=1", "optimizer.plugin=sgd", "optimizer.eps="];
    let settings: Vec<&str> = one_row.iter().flat_map(|setting| ["--set", setting]).collect();
    assert_equal(&lab, "one row", &settings, &["4"]);
}

#[test]
fn what_cannot_be_divided_is_an_error() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let error = lab.run(&["run", "tiny.toml", "--nproc", "3"]).failure();
    assert_contains(&error, &["[run].batch = 8 cannot be divided by 3 processes"]);
    let error = lab.run(&["run", "tiny.toml", "--nproc", "4"]).failure();
    assert_contains(&error, &["[run].micro_batch = 4 does not divide the 2 rows"]);
    assert!(!lab.store().exists() || lab.runs().is_empty());
}
