//! Untrusted text must not reach the terminal unescaped: from data sets, specs, checkpoints, the store and arguments.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use crate::{
    lab::Lab,
    program::{Done, assert_contains},
};

/// Sets the window title, clears the screen, changes colours, reverses text, and forges a line of output.
const BAD: &str = "x\u{1b}]0;t\u{7}\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{200b}\rFORGED\nFORGED line";
/// The same as a file name.
const FILE: &str = "x\u{1b}]0;t\u{7}\u{1b}[2J\u{9b}31m\u{202e}\nFORGED";

/// [`clean`], and one of the streams mentions `BAD`.
#[track_caller]
fn harmless(done: Done) -> Done {
    assert!(
        done.out.contains("FORGED") || done.err.contains("FORGED"),
        "nothing of it was printed: {done:?}"
    );
    clean(done)
}

/// Checks that neither stream has control sequences, invisible characters or a forged line.
#[track_caller]
fn clean(done: Done) -> Done {
    for text in [&done.out, &done.err] {
        let bad = |c: char| {
            c.is_control() && c != '\n' && c != '\t'
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        };
        assert!(!text.contains(bad), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("FORGED")), "{text}");
    }
    assert!(!done.err.contains("panicked"), "{done:?}");
    done
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn a_data_set_cannot_write_on_the_terminal() {
    let lab = Lab::new();
    // A caption, an invalid image and a missing image with that name.
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let rows = ["00.png", "01.png"].map(|file| format!("{file},{},train\n", quoted(BAD))).concat();
    let missing = format!("{},a caption,train\n", quoted(FILE));
    let broken = lab.path("data").join(OsStr::from_bytes(format!("{FILE}.png").as_bytes()));
    fs::write(broken, "no image").unwrap();
    let named = format!("{},a caption,train\n", quoted(&format!("{FILE}.png")));
    lab.write("data/captions.csv", list + &rows + &missing + &named);
    let lenient = ["--set", "data.train.tolerate=0.5"];
    harmless(lab.run(&[&["data", "inspect", "tiny.toml"][..], &lenient].concat())).success();
    let pack = ["data", "pack", "tiny.toml", "--out", "packed", "--tolerate", "0.5"];
    harmless(lab.run(&pack)).success();
    let name = ["--name", BAD, "--ui", "plain"];
    harmless(lab.run(&[&["run", "tiny.toml"][..], &lenient, &name].concat())).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    harmless(lab.run(&["embed", &uid, "--images", "data", "--out", "e.npy", "--tolerate", "0.5"])).success();
    // Prints none of the captions.
    clean(lab.run(&["eval", &uid, "--data", "data", "--no-record"])).success();
    for args in [
        &["runs", "list"][..],
        &["runs", "show", &uid],
        &["runs", "tag", &uid, BAD],
        &["runs", "note", &uid, BAD],
    ] {
        harmless(lab.run(args)).success();
    }
    harmless(lab.run(&["runs", "delete", &uid])).failure();
    // JSON output has the original text.
    let output = lab.run(&["runs", "show", &uid, "--json"]).success();
    assert!(!output.contains(['\u{9b}', '\u{7f}', '\u{202e}']), "{output:?}");
    assert_eq!(lab.shown()["run"]["name"], BAD);
    assert_eq!(lab.shown()["tags"][0], BAD);
}

#[test]
fn classes_and_templates_cannot_write_on_the_terminal() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml", "--set", "run.steps=2"]).success();
    for (at, class) in [FILE, "dog"].into_iter().enumerate() {
        let folder = lab.path("pets").join(OsStr::from_bytes(class.as_bytes()));
        fs::create_dir_all(&folder).unwrap();
        for image in 0..6 {
            fs::copy(lab.path(&format!("data/0{}.png", image + at)), folder.join(format!("{image}.png")))
                .unwrap();
        }
    }
    harmless(lab.run(&["eval", "tiny", "--data", "pets", "--suite", "zero_shot", "--no-record"])).success();
    lab.write("mine.toml", "templates = [\"{}\", \"a {} \\u001b]0;t\\u0007\\u202e\\rFORGED\\nFORGED\"]\n");
    harmless(lab.run(&["prompts", "tiny", "--data", "pets", "--templates", "mine.toml", "--most", "2"]))
        .success();
}

#[test]
fn a_spec_a_checkpoint_and_an_argument_cannot_write_on_the_terminal() {
    let lab = Lab::new();
    let spec = "name = \"a\u{202e}b\"\n\"x\\u001b]0;t\\u0007\\nFORGED\" = 1 # \u{9b}2J\u{200b}\n".to_owned()
        + crate::lab::TINY;
    let spec = spec.replace("name = \"tiny\"\n", "");
    lab.write("bad.toml", &spec);
    for colour in ["never", "always"] {
        let mut done = lab.run(&["--color", colour, "check", "bad.toml"]);
        done.err = done.err.replace("\u{1b}[", "");
        assert_contains(
            &harmless(done).failure(),
            &["unknown table or key", "FORGED", "`name` must not contain control characters"],
        );
    }
    let study = format!(
        "name = \"a/b\"\nbase = \"tiny.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n[[arm]]\nname = {}\n",
        "\"x\\u001b[2J\\nFORGED\""
    );
    lab.write("study.toml", study);
    assert_contains(
        &harmless(lab.run(&["check", "study.toml"])).failure(),
        &["must not contain `/`", "must not contain control"],
    );
    fs::create_dir(lab.path("model")).unwrap();
    let config = serde_json::json!({ "model_type": BAD, "architectures": [BAD] }).to_string();
    lab.write("model/config.json", config);
    harmless(lab.run(&["model", "show", "model"])).failure();
    harmless(lab.run(&["embed", "model", "--images", "data", "--out", "e.npy"])).failure();
    clean(lab.run(&["runs", "show", BAD])).failure();
    harmless(lab.run(&["check", FILE])).failure();
    let typed = harmless(lab.run(&[BAD]));
    assert_eq!(typed.status.code(), Some(2), "{typed:?}");
}
