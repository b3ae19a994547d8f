//! `clip-lab data inspect`: the report as text and as JSON.

use std::fs;

use crate::{
    lab::{Lab, TRAIN},
    program::assert_contains,
};

/// The lab with an image and a caption that occur twice in train and once in val, and unreadable files.
fn flawed() -> Lab {
    let lab = Lab::new();
    for copy in ["05", "50"] {
        fs::copy(lab.path("data/03.png"), lab.path(&format!("data/{copy}.png"))).unwrap();
    }
    lab.write("data/07.png", b"");
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let list = list.replace("11.png,a square with the number 11,", "11.png,A  Square with the number 10,");
    let list = list.replace("51.png,a square with the number 51,", "51.png,a square with the NUMBER 10,");
    lab.write("data/captions.csv", list + "99.png,nobody took this,train\n");
    lab
}

#[test]
fn counts_unreadable_files_and_duplicates_are_printed() {
    let lab = flawed();
    let done = lab.run(&["data", "inspect", "tiny.toml"]);
    let out = done.success();
    let row = |name: &str| {
        let line = out.lines().find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("no row `{name}` in {out}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(row("images "), format!("images {TRAIN} 8"));
    assert_eq!(row("unreadable"), "unreadable 1 0");
    assert_eq!(row("format"), "format PNG PNG");
    assert_eq!(row("width"), "width 24 24");
    assert_eq!(row("captions"), format!("captions {TRAIN} 8"));
    assert_eq!(row("characters"), "characters 26 / 27 / 28 27");
    assert_eq!(row("duplicate images"), "duplicate images 1 0");
    assert_eq!(row("duplicate captions"), "duplicate captions 1 0");
    assert_contains(
        &out,
        &["truncated at 77", "Skipped in train: 1\n  images listed but not in", "1 (99.png)"],
    );
    assert_contains(&out, &["Unreadable in train: 1\n  07.png: the file is empty (0 bytes)"]);
    assert_contains(
        &out,
        &["Duplicate images in train and val: 1\n  train/03.png, train/05.png, val/50.png"],
    );
    assert_contains(
        &out,
        &[
            "Duplicate captions in train and val: 1\n  \"a square with the number 10\": train/10.png, train/11.png, val/51.png",
        ],
    );
    assert_contains(
        &out,
        &["Duplicate images within a split: 1\n", "Duplicate captions within a split: 1\n"],
    );
}

#[test]
fn json_has_everything_in_one_object() {
    let lab = flawed();
    let seen = lab.json(&["data", "inspect", "tiny.toml"]);
    assert_eq!(
        (&seen["version"], &seen["tokenizer"], &seen["max_tokens"]),
        (&1.into(), &"clip_bpe".into(), &77.into())
    );
    let (train, val) = (&seen["splits"][0], &seen["splits"][1]);
    assert_eq!((&train["pictures"], &val["pictures"]), (&TRAIN.into(), &8.into()));
    assert_eq!(train["broken"][0]["name"], "07.png");
    assert_eq!(train["captions_each"], serde_json::json!({ "1": TRAIN }));
    assert_eq!(train["tokens"]["cut_share"], 0.0);
    let images = &seen["same_pictures"];
    assert_eq!(images["within"], serde_json::json!({ "train": 1, "val": 0 }));
    assert_eq!(images["across"], serde_json::json!([{ "splits": ["train", "val"], "count": 1 }]));
    assert_eq!(images["groups"][0]["of"], serde_json::json!(["train/03.png", "train/05.png", "val/50.png"]));
    let captions = &seen["same_captions"]["groups"];
    assert_eq!(
        (captions[0]["what"].as_str(), captions[0]["count"].as_u64()),
        (Some("a square with the number 10"), Some(3))
    );
    // A lower limit truncates more texts.
    let short = lab.json(&["data", "inspect", "tiny.toml", "--set", "tokenizer.max_tokens=5"]);
    assert_eq!((&short["max_tokens"], &short["splits"][0]["tokens"]["cut"]), (&5.into(), &TRAIN.into()));
    assert_eq!(short["splits"][0]["tokens"]["max"], train["tokens"]["max"]);
}

#[test]
fn folders_of_every_kind_are_inspected() {
    let lab = Lab::new();
    let counts = |what: &str| {
        let seen = lab.json(&["data", "inspect", what]);
        let split = |split: &serde_json::Value| {
            (
                split["name"].as_str().unwrap().to_owned(),
                split["pictures"].as_u64().unwrap(),
                split["classes"].as_u64().unwrap(),
            )
        };
        seen["splits"].as_array().unwrap().iter().map(split).collect::<Vec<_>>()
    };
    let named = |name: &str, images, classes| (name.to_owned(), images, classes);
    assert_eq!(counts("data"), [named("train", TRAIN as u64, 0), named("val", 8, 0)]);
    lab.run(&["data", "pack", "tiny.toml", "--out", "packed", "--shard-size", "20KB"]).success();
    assert_eq!(counts("packed"), [named("train", TRAIN as u64, 0), named("val", 8, 0)]);
    for (index, class) in ["cats", "cats", "dogs"].iter().enumerate() {
        fs::create_dir_all(lab.path(&format!("sorted/{class}"))).unwrap();
        let (from, to) = (format!("data/{index:02}.png"), format!("sorted/{class}/{index}.png"));
        fs::copy(lab.path(&from), lab.path(&to)).unwrap();
    }
    assert_eq!(counts("sorted"), [named("train", 3, 2)]);
    // Captions made from class names do not count as duplicates.
    let output = lab.run(&["data", "inspect", "sorted"]).success();
    assert!(output.contains("from classes") && !output.contains("Duplicate captions"), "{output}");
    fs::remove_file(lab.path("data/captions.csv")).unwrap();
    lab.write("data/notes.txt", "not an image");
    assert_eq!(counts("data"), [named("all", TRAIN as u64 + 8, 0)]);
    fs::create_dir(lab.path("void")).unwrap();
    assert_contains(
        &lab.run(&["data", "inspect", "void"]).failure(),
        &["contains no list of captions", "contains no folders", "has no files"],
    );
    assert_contains(&lab.run(&["data", "inspect", "gone.toml"]).failure(), &["gone.toml"]);
}

#[test]
fn a_contact_sheet_shows_images_and_captions() {
    let lab = flawed();
    let sheet = |name: &str, seed: &str| {
        let done =
            lab.run(&["data", "inspect", "tiny.toml", "--sheet", name, "--pictures", "6", "--seed", seed]);
        assert_contains(&done.err, &[&format!("contact sheet of 6 images: {name}")]);
        done.success();
        image::open(lab.path(name)).unwrap().into_rgb8()
    };
    let first = sheet("sheet.png", "0");
    assert!(first == sheet("again.png", "0") && first != sheet("other.png", "1"));
    // Three by two cells, each an image above its text.
    let (width, height) = first.dimensions();
    assert!((600..700).contains(&width) && (500..650).contains(&height), "{width}x{height}");
    let inked = |x: std::ops::Range<u32>, y: std::ops::Range<u32>| {
        y.flat_map(|y| x.clone().map(move |x| (x, y)))
            .filter(|(x, y)| first.get_pixel(*x, *y).0 != [255; 3])
            .count()
    };
    assert!(inked(14..214, 14..214) > 30_000, "an image");
    assert!((200..8_000).contains(&inked(14..214, 217..285)), "letters");
    assert_eq!(inked(0..width, 0..12), 0, "a margin");
    assert!(!lab.path("sheet.png.part").exists());
}
