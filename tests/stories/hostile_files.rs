//! Untrusted data sets, galleries and specs that name files outside their folder, or special files.

use std::{fs, process::Command};

use crate::{
    lab::{Lab, TINY},
    program::{assert_contains, bytes},
};

fn fifo(lab: &Lab, name: &str) {
    assert!(Command::new("mkfifo").arg(lab.path(name)).status().unwrap().success());
}

/// `data`, with a list that also names an image outside, a device, `/etc/passwd`, and a FIFO.
fn hostile() -> Lab {
    let lab = Lab::new();
    fs::copy(lab.path("data/00.png"), lab.path("private.png")).unwrap();
    fifo(&lab, "data/x.jpg");
    let more: String = ["../private.png", "/dev/zero", "/etc/passwd", "x.jpg"]
        .map(|file| format!("{file},a secret,train\n"))
        .concat();
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    lab.write("data/captions.csv", list + &more);
    lab
}

#[test]
fn files_outside_the_data_set_are_neither_trained_on_nor_packed() {
    let lab = hostile();
    let done = lab.run(&["data", "pack", "data", "--out", "packed", "--tolerate", "0.2"]);
    assert_contains(
        &done.err,
        &["outside of the data set's folder", "`allow_outside = true`", "not regular files"],
    );
    done.success();
    let shard = bytes(&lab.path("packed/train-000000.tar"));
    let holds = |text: &str| shard.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("a square with the number 3") && !holds("a secret") && !holds("root:"));
    let args = ["run", "tiny.toml", "--set", "data.train.tolerate=0.2"];
    let done = lab.run(&args);
    done.success();
    let events = lab.events("data").join("\n");
    assert_contains(
        &events,
        &["outside of the data set's folder", "/etc/passwd", "not regular files: 1 (x.jpg)"],
    );
    assert!(!events.contains("root:"), "nothing of it is quoted: {events}");
    // Without tolerance, the run lists the files.
    let error = lab.run(&["run", "tiny.toml", "--set", "data.train.tolerate=0"]).failure();
    assert_contains(&error, &["3 of 52 images, listed but outside", "private.png", "/etc/passwd"]);
}

#[test]
fn special_files_as_galleries_and_texts_do_not_block() {
    let lab = Lab::new();
    fifo(&lab, "data/x.jpg");
    let done = lab.run(&["search", "tiny.toml", "--images", "data", "a square", "-k", "1"]);
    assert_contains(&done.err, &["embedded 57 images", "1 of them skipped"]);
    done.success();
    let done = lab.run(&["embed", "tiny.toml", "--images", "data", "--out", "x.safetensors"]);
    assert_contains(&done.err, &["skipped", "x.jpg", "a FIFO, not a regular file"]);
    done.success();
    for texts in ["data/x.jpg", "/dev/zero"] {
        let error = lab.run(&["embed", "tiny.toml", "--texts", texts, "--out", "x.safetensors"]).failure();
        assert_contains(&error, &[texts, "not a regular file"]);
    }
    let error = lab.run(&["search", "tiny.toml", "--images", "data", "--queries", "data/x.jpg"]).failure();
    assert_contains(&error, &["--queries data/x.jpg", "a FIFO, not a regular file"]);
}

#[test]
fn special_files_as_specs_do_not_block() {
    let lab = Lab::new();
    fifo(&lab, "fifo.toml");
    for command in ["run", "check"] {
        assert_contains(
            &lab.run(&[command, "fifo.toml"]).failure(),
            &["cannot read the spec", "a FIFO, not a regular file"],
        );
        assert_contains(&lab.run(&[command, "/dev/zero"]).failure(), &["a device, not a regular file"]);
    }
    lab.write(
        "study.toml",
        "base = \"fifo.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n[[arm]]\nname = \"a\"\n",
    );
    assert_contains(
        &lab.run(&["check", "study.toml"]).failure(),
        &["fifo.toml", "a FIFO, not a regular file"],
    );
}

#[test]
fn a_text_that_the_tokenizer_rejects_is_named() {
    let lab = Lab::new();
    // Catastrophic backtracking of the regular expression on a long row of letters.
    lab.write(
        "tokenizer.json",
        r#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": false},
            "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"}}"#,
    );
    let tokenizer = "[tokenizer]\nplugin = \"huggingface\"\npath = \"tokenizer.json\"";
    lab.write("other.toml", TINY.replace("[tokenizer]\nplugin = \"clip_bpe\"", tokenizer));
    lab.write("texts.txt", format!("a dog\n{}!\n", "a".repeat(60)));
    let done = lab.run(&["embed", "other.toml", "--texts", "texts.txt", "--out", "x.safetensors"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert_contains(&done.err, &["aaaaaaaa", "cannot be tokenised", "the tokenizer failed on it"]);
}
