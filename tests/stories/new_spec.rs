//! A spec for a folder of one's own.

use std::fs;

use crate::{lab::Lab, program::assert_contains};

#[test]
fn a_spec_for_captions_checks_clean_and_trains() {
    let lab = Lab::new();
    let out = lab.run(&["new", "--data", "data", "--task", "clip", "--out", "mine.toml"]).success();
    assert_contains(&out, &["mine.toml", "training images with captions", "clip-lab check mine.toml"]);
    assert_contains(
        &fs::read_to_string(lab.path("mine.toml")).unwrap(),
        &["name = \"data\"", "[data.val]", "batch = 8"],
    );
    lab.run(&["check", "mine.toml", "--no-cost"]).success();
    lab.run(&["run", "mine.toml", "--set", "run.steps=2", "--set", "schedule.warmup=0"]).success();
    assert_eq!(lab.newest()["status"], "finished");
    // An existing file is never replaced.
    let again = lab.run(&["new", "--data", "data", "--task", "clip", "--out", "mine.toml"]).failure();
    assert_contains(&again, &["mine.toml exists"]);
}

#[test]
fn class_folders_are_classified_and_nothing_is_reported() {
    let lab = Lab::new();
    for (at, class) in ["cat", "dog"].into_iter().cycle().enumerate().take(12) {
        let folder = lab.path("photos").join(class);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(lab.path(&format!("data/{at:02}.png")), folder.join(format!("{at}.png"))).unwrap();
    }
    let refused = lab.run(&["new", "--data", "photos", "--task", "lit"]).failure();
    assert_contains(&refused, &["has class folders and no captions", "--task classify"]);
    // The pretrained tower is not in this cache: the spec is written, and what is missing is reported.
    let done = lab.run(&["new", "--data", "photos"]);
    assert_contains(&done.out, &["12 training images of 2 classes"]);
    let spec = fs::read_to_string(lab.path("spec.toml")).unwrap();
    assert_contains(&spec, &["plugin = \"image_folder\"", "hold_out = 0.1", "[model.classifier]"]);
    fs::create_dir(lab.path("empty")).unwrap();
    assert_contains(&lab.run(&["new", "--data", "empty"]).failure(), &["no data set found", "class folders"]);
}
