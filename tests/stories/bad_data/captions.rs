//! Malformed caption lists.

use std::fs;

use crate::{
    lab::{Lab, TRAIN},
    program::assert_contains,
};

#[test]
fn unusable_captions_are_reported_with_their_line() {
    let lab = Lab::new();
    lab.write("data/captions.csv", "image,caption\n00.png,fine\n01.png,one, two, three\n");
    assert_contains(&lab.run(&["run", "tiny.toml"]).failure(), &["captions.csv", "line 3", "must be quoted"]);
    lab.write("data/captions.csv", "image,caption\n98.png,lost\n99.png,lost too\n");
    assert_contains(&lab.run(&["run", "tiny.toml"]).failure(), &["listed but not in", "98.png"]);
    fs::remove_file(lab.path("data/captions.csv")).unwrap();
    assert_contains(
        &lab.run(&["run", "tiny.toml"]).failure(),
        &["contains no list of captions", "name it with `file`"],
    );
    assert_eq!(lab.folders(), 0, "a run that cannot start leaves nothing behind");
}

/// The list of the lab with other captions for its first images.
fn with_captions(lab: &Lab, captions: &[&[u8]]) -> Vec<u8> {
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let mut lines: Vec<Vec<u8>> = list.lines().map(|line| line.as_bytes().to_vec()).collect();
    for (index, caption) in captions.iter().enumerate() {
        lines[index + 1] = [format!("{index:02}.png,").as_bytes(), caption, b",train"].concat();
    }
    lines.join(&b'\n')
}

#[test]
fn empty_strange_and_endless_captions_are_trained_on_or_named() {
    let lab = Lab::new();
    // One long word, many words, and nested entities: each takes long to process.
    let word = "donaudampfschiff".repeat(6_250);
    let many_words = "a dog and a cat ".repeat(6_250);
    let nested = "&".to_owned() + &"amp;".repeat(25_000);
    let captions: [&[u8]; 5] =
        [b" ", b"un caf\xe9 \xff", word.as_bytes(), many_words.as_bytes(), nested.as_bytes()];
    lab.write("data/captions.csv", with_captions(&lab, &captions));
    lab.run(&["run", "tiny.toml"]).success();
    let events = lab.events("data").join("\n");
    assert_contains(
        &events,
        &[
            "captions.csv not valid UTF-8: 2 bytes were read as Latin-1",
            "empty captions skipped: 1 (one of 00.png)",
        ],
    );
    assert_contains(&events, &["images without a caption: 1 (00.png)"]);
    let seen = lab.json(&["data", "inspect", "tiny.toml"]);
    let train = &seen["splits"][0];
    assert_eq!((&train["name"], &train["captions"]), (&"train".into(), &(TRAIN - 1).into()));
    assert_eq!(train["characters"]["max"], 100_001);
    assert_eq!(train["tokens"]["cut"], 2, "the entities are one ampersand: {}", train["tokens"]);
}

#[test]
fn more_invalid_rows_than_tolerated_stop_a_run_with_a_list() {
    let lab = Lab::new();
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let list = list.replace("a square with the number 1", "a square, the number 1");
    lab.write("data/captions.csv", list);
    let refused = lab.run(&["run", "tiny.toml"]).failure();
    assert_contains(
        &refused,
        &["11 of 56 entries of the captions cannot be used, more than tolerate = 0.05 allows"],
    );
    assert_contains(
        &refused,
        &["captions.csv line 3: 4 fields where the header has 3", "captions.csv line 21: 4 fields"],
    );
    lab.run(&["run", "tiny.toml", "--set", "data.train.tolerate=0.2"]).success();
    let events = lab.events("data");
    assert_contains(&events[0], &["entries skipped: 11 (captions.csv line 3: 4 fields", "line 21:"]);
    assert_eq!(lab.losses().len(), 12);
}
