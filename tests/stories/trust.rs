//! Code that a file from elsewhere names is not opened on its word: that of a checkpoint's metadata, of a spec in a store or
//! beside a checkpoint, and any at all in a check.

use std::{fs, path::Path};

use crate::{
    lab::{Lab, TINY},
    program::says,
};

const NAMES: &str = "names code to run";
const FLAG: &str = "--trust-code";

/// The tiny spec with TorchScript's image tower in the file `tower.pt`, which is there.
fn scripted(lab: &Lab) -> String {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/image/tests/torchscript/tower.pt");
    fs::copy(archive, lab.path("tower.pt")).unwrap();
    with_tower("plugin = \"torchscript\"\npath = \"tower.pt\"\nwidth = 12\nimage_size = 16\n")
}

fn with_tower(table: &str) -> String {
    let (start, end) = (TINY.find("[model.image]\n").unwrap(), TINY.find("[model.text]\n").unwrap());
    format!("{}[model.image]\n{table}{}", &TINY[..start], &TINY[end..])
}

/// Refused by its words, and done with the flag.
fn needs_the_flag(lab: &Lab, words: &[&str]) {
    says(&lab.run(words).bad(), &[NAMES, "tower.pt", FLAG, "nothing of it was run"]);
    lab.run(&[words, &[FLAG]].concat()).good();
}

#[test]
fn what_a_run_was_made_of_is_not_the_word_of_whoever_opens_it() {
    let lab = Lab::new();
    lab.write("scripted.toml", scripted(&lab));
    needs_the_flag(&lab, &["check", "scripted.toml"]);
    // Whoever runs a spec, or names it, means it.
    lab.run(&["run", "scripted.toml"]).good();
    lab.run(&["embed", "scripted.toml", "--images", "data", "--out", "spec.safetensors"]).good();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    fs::copy(lab.path(&format!("runs/{uid}/last.safetensors")), lab.path("alone.safetensors")).unwrap();
    let file = format!("runs/{uid}/last.safetensors");
    // By the store, by the spec beside a checkpoint, and by the metadata of one.
    for model in [uid.as_str(), &file, &format!("runs/{uid}"), "alone.safetensors"] {
        needs_the_flag(&lab, &["embed", model, "--images", "data", "--out", "out.safetensors"]);
    }
    needs_the_flag(&lab, &["eval", &uid]);
    needs_the_flag(&lab, &["search", &uid, "a square"]);
    // What is shown is read from the checkpoint alone: the archive is not opened, and need not be there.
    fs::rename(lab.path("tower.pt"), lab.path("away.pt")).unwrap();
    lab.run(&["model", "show", "alone.safetensors"]).good();
    fs::rename(lab.path("away.pt"), lab.path("tower.pt")).unwrap();
    needs_the_flag(&lab, &["model", "export", &uid, "--format", "torchscript", "--out", "out"]);
    // A name that the user types is the user's.
    let path = format!("model.image.path={}", lab.path("tower.pt").display());
    lab.run(&["embed", "alone.safetensors", "--set", &path, "--images", "data", "--out", "o.safetensors"])
        .good();
}

#[test]
fn a_spec_that_begins_from_a_checkpoint_says_itself_which_code_that_is() {
    let lab = Lab::new();
    lab.write("scripted.toml", scripted(&lab));
    lab.run(&["run", "scripted.toml"]).good();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    fs::copy(lab.path(&format!("runs/{uid}/last.safetensors")), lab.path("alone.safetensors")).unwrap();
    lab.write("second.toml", with_tower("from = \"alone.safetensors\"\n"));
    let told = lab.run(&["run", "second.toml"]).bad();
    says(&told, &["the checkpoint names code to run", "set `path` in [model.image] yourself", FLAG]);
    assert_eq!(lab.folders(), 1, "nothing was begun");
    lab.write("third.toml", with_tower("from = \"alone.safetensors\"\npath = \"tower.pt\"\n"));
    lab.run(&["run", "third.toml"]).good();
    lab.run(&["run", "second.toml", FLAG]).good();
}

#[test]
fn a_check_opens_no_library() {
    let lab = Lab::new();
    // No library at all: whoever opened it would say so.
    lab.write("libmine.so", "not a library");
    let loads = TINY.replace("[run]\n", "[plugins]\nload = [\"libmine.so\"]\n[run]\n");
    lab.write("mine.toml", &loads);
    let told = lab.run(&["check", "mine.toml"]).bad();
    says(&told, &["[plugins].load: this spec names code to run, libmine.so", FLAG]);
    for words in [&["check", "mine.toml", FLAG][..], &["run", "mine.toml"]] {
        says(&lab.run(words).bad(), &["it is not a shared library"]);
    }
    lab.write(
        "study.toml",
        "base = \"mine.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n[[arm]]\nname = \"a\"\n",
    );
    says(&lab.run(&["check", "study.toml"]).bad(), &[NAMES]);
    // An edit of a study is the study's word, and not the user's.
    let arm = "base = \"tiny.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n[[arm]]\nname = \"a\"\n\
               set = { \"plugins.load\" = [\"libmine.so\"] }\n";
    lab.write("edit.toml", arm);
    says(&lab.run(&["check", "edit.toml"]).bad(), &[NAMES]);
}
