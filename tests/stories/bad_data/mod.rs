//! Unreadable images and captions are counted, listed and skipped.

mod captions;
mod images;
mod shards;

use std::fs;

use crate::{
    lab::{Lab, TRAIN},
    program::{assert_contains, bytes},
};

/// A JPEG photograph, truncated in the middle.
fn cut_jpeg(lab: &Lab) -> Vec<u8> {
    let noise = |x: u32, y: u32| image::Rgb([(x * y % 251) as u8, (x * 7 + y * 13) as u8, (x ^ y) as u8]);
    image::RgbImage::from_fn(96, 96, noise).save(lab.path("whole.jpg")).unwrap();
    let whole = bytes(&lab.path("whole.jpg"));
    whole[..whole.len() / 2].to_vec()
}

#[test]
fn unreadable_images_and_captions_are_skipped_and_named() {
    let lab = Lab::new();
    lab.write("data/03.png", cut_jpeg(&lab));
    lab.write("data/07.png", "this is a shopping list, whatever its name says");
    lab.write("data/50.png", "neither is this an image");
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let list = list.replace("a square with the number 9,", ",") + "99.png,an image that nobody took,train\n";
    lab.write("data/captions.csv", list);
    let out = lab.run(&["run", "tiny.toml", "--set", "data.val.tolerate=0.125"]).success();
    assert_eq!(lab.newest()["status"], "finished");
    assert_eq!(lab.losses().len(), 12);
    let events = lab.events("data");
    assert_eq!(events.len(), 3, "{events:?}");
    assert_contains(&events[0], &["listed but not in", ": 1 (99.png)"]);
    assert_contains(&events[1], &["empty captions skipped: 1", "09.png"]);
    assert_contains(&events[2], &["images without a caption: 1 (09.png)"]);
    let mut broken = lab.events("broken_picture");
    broken.sort();
    assert_eq!(broken.len(), 3, "each once, however often it is read: {broken:?}");
    assert_contains(&broken[0], &["skipped in val: 50.png", "not an image"]);
    assert_contains(&broken[1], &["skipped: 03.png"]);
    assert_contains(&broken[2], &["skipped: 07.png", "not an image", "begins with `this is a"]);
    assert_contains(&out, &["99.png", "09.png", "03.png", "07.png", &format!("{} images", TRAIN - 1)]);
}

#[test]
fn a_data_set_without_readable_images_is_an_error() {
    let lab = Lab::new();
    for index in 0..TRAIN {
        lab.write(&format!("data/{index:02}.png"), "no image");
    }
    let list =
        &["of 48 training images cannot be used, more than tolerate = 0.05 allows", "it is not an image"];
    assert_contains(&lab.run(&["run", "tiny.toml"]).failure(), list);
    let run = lab.newest();
    assert_eq!(run["status"], "failed");
    assert_contains(run["reason"].as_str().unwrap(), list);
    assert!(lab.events("broken_picture").iter().all(|text| text.contains("not an image")));
    assert_contains(
        &lab.run(&["runs", "show", "tiny"]).success(),
        &["failed", "broken_picture", "cannot be used"],
    );
}
