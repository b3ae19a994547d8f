//! Data sets are packed into shards and trained from them.

use std::fs;

use clip_lab_plugin_api::{Dataset, Plugin};
use plugins_data::{CaptionFolder, ShardList, Split, WebDataset};

use crate::{
    lab::{Lab, TRAIN},
    program::assert_contains,
};

fn shards(lab: &Lab, pattern: &str) -> Box<dyn Dataset> {
    let shards = ShardList::One(lab.path(pattern).display().to_string());
    WebDataset { shards, ..Default::default() }.build(()).unwrap()
}

fn source(lab: &Lab, split: Split) -> Box<dyn Dataset> {
    CaptionFolder { root: lab.path("data"), split, ..Default::default() }.build(()).unwrap()
}

#[test]
fn packed_data_are_read_back_byte_for_byte() {
    let lab = Lab::new();
    let out = lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--shard-size", "20KB"]).success();
    assert_contains(
        &out,
        &["[data.train]\nplugin = \"webdataset\"\nshards = \"packed/train-{000000..", "[data.val]\nshards ="],
    );
    for (pattern, split) in [("packed", Split::All), ("packed/val-{000000..000001}.tar", Split::Val)] {
        let (packed, source) = (shards(&lab, pattern), source(&lab, split));
        assert_eq!(packed.len(), source.len());
        for index in 0..source.len() {
            assert_eq!(packed.image(index).unwrap(), source.image(index).unwrap());
            assert_eq!(packed.captions(index), source.captions(index));
        }
    }
    // Packing again has nothing to do.
    let before = fs::read(lab.path("packed/train-000000.tar")).unwrap();
    lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--shard-size", "20KB"]).success();
    assert_eq!(fs::read(lab.path("packed/train-000000.tar")).unwrap(), before);
    let other = lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--resize", "8"]);
    assert_contains(
        &other.err,
        &["holds shards of other data or settings (shard_size, resize)", "another folder"],
    );
    lab.write("packed/pack.json", "{\"version\": 1,");
    let damaged = lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--resize", "8"]);
    assert_contains(
        &damaged.err,
        &["packed/pack.json cannot be read", "may be of other data", "another folder"],
    );
    assert_eq!(fs::read(lab.path("packed/train-000000.tar")).unwrap(), before);
}

#[test]
fn a_stopped_pack_resumes() {
    let lab = Lab::new();
    let args = ["data", "pack", "data", "--out", "packed", "--shard-size", "20KB"];
    lab.run(&args).success();
    let all: Vec<_> = fs::read_dir(lab.path("packed")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let last = all.iter().filter(|path| path.to_str().unwrap().contains("train-")).max().unwrap().clone();
    let bytes = fs::read(&last).unwrap();
    // The state after a kill: the last shard is incomplete and has its temporary name.
    fs::rename(&last, lab.path("packed/.train.part")).unwrap();
    let done = lab.run(&args);
    assert_contains(&done.err, &["shards exist; resuming at image"]);
    done.success();
    assert_eq!(fs::read(&last).unwrap(), bytes);
}

#[test]
fn resized_images_have_the_requested_side() {
    let lab = Lab::new();
    lab.run(&["data", "pack", "data", "--out", "small", "--resize", "12", "--format", "png"]).success();
    let small = shards(&lab, "small/train-000000.tar");
    assert_eq!(small.len(), TRAIN);
    assert_eq!(small.image(3).unwrap().decode().unwrap().dimensions(), (12, 12));
    assert!(small.name(3).ends_with(".png"));
}

#[test]
fn unreadable_images_are_named_and_too_many_stop_the_pack() {
    let lab = Lab::new();
    lab.write("data/05.png", b"no image");
    let args = ["data", "pack", "data", "--out", "packed"];
    let done = lab.run(&args);
    assert_contains(&done.err, &["train: skipped: 05.png: it is not an image", "47 images in 1 shard"]);
    done.success();
    let none = lab.run(&["data", "pack", "data", "--out", "other", "--tolerate", "0"]);
    assert_contains(&none.err, &["1 of 48 images cannot be used, more than tolerate = 0 allows", "05.png"]);
    assert!(!lab.run(&["data", "pack", "cache", "--out", "x"]).err.is_empty());
}

/// Long enough to be stopped during training.
const STEPS: usize = 144;

/// Losses of a run over shards, mixed by weight and through a buffer.
fn trained(lab: &Lab, stop: bool) -> Vec<(u64, String)> {
    lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--shard-size", "20KB"]).success();
    let data = "plugin = \"webdataset\"\nshuffle_buffer = 20\nshards = [{ path = \"packed/train-{000000..000003}.tar\", \
                weight = 3.0 }, { path = \"packed/train-{000004..000006}.tar\", weight = 1.0 }]";
    let spec = crate::lab::TINY.replace("plugin = \"captions\"\nroot = \"data\"", data);
    let spec = spec
        .replace("split = \"val\"", "shards = \"packed/val-000000.tar\"")
        .replace("steps = 12", &format!("steps = {STEPS}"));
    lab.write("shards.toml", spec);
    if stop {
        let mut run = lab.start(&["run", "shards.toml"]);
        run.until_out("step ");
        run.signal("TERM");
        run.wait().stopped();
        let run = lab.newest();
        assert_eq!(run["status"], "interrupted");
        assert!((1..STEPS as u64).contains(&run["step"].as_u64().unwrap()));
        lab.run(&["run", "shards.toml", "--resume", run["uid"].as_str().unwrap()]).success();
    } else {
        lab.run(&["run", "shards.toml"]).success();
    }
    lab.losses()
}

#[test]
fn training_from_shards_is_the_same_stopped_and_resumed() {
    let (whole, stopped) = (trained(&Lab::new(), false), trained(&Lab::new(), true));
    assert_eq!(whole.len(), STEPS);
    assert_eq!(whole, stopped);
}
