//! Untrusted code is not loaded: code named by a checkpoint's metadata, by a spec in a store or beside a checkpoint, and
//! any code in a check.

use std::{fs, path::Path};

use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
};

const LOADS_CODE: &str = "loads code";
const FLAG: &str = "--trust-code";

/// The tiny spec with a TorchScript image tower in the existing file `tower.pt`.
fn scripted(lab: &Lab) -> String {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/image/tests/torchscript/tower.pt");
    fs::copy(archive, lab.path("tower.pt")).unwrap();
    with_tower("plugin = \"torchscript\"\npath = \"tower.pt\"\nwidth = 12\nimage_size = 16\n")
}

fn with_tower(table: &str) -> String {
    let (start, end) = (TINY.find("[model.image]\n").unwrap(), TINY.find("[model.text]\n").unwrap());
    format!("{}[model.image]\n{table}{}", &TINY[..start], &TINY[end..])
}

/// Asserts that a command fails without the flag and succeeds with it.
fn needs_the_flag(lab: &Lab, args: &[&str]) {
    assert_contains(&lab.run(args).failure(), &[LOADS_CODE, "tower.pt", FLAG, "not run"]);
    lab.run(&[args, &[FLAG]].concat()).success();
}

#[test]
fn code_of_a_run_is_not_trusted_when_the_run_is_opened() {
    let lab = Lab::new();
    lab.write("scripted.toml", scripted(&lab));
    needs_the_flag(&lab, &["check", "scripted.toml"]);
    // A spec that the user runs or names is trusted.
    lab.run(&["run", "scripted.toml"]).success();
    lab.run(&["embed", "scripted.toml", "--images", "data", "--out", "spec.safetensors"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    fs::copy(lab.path(&format!("runs/{uid}/last.safetensors")), lab.path("alone.safetensors")).unwrap();
    let file = format!("runs/{uid}/last.safetensors");
    // From the store, the spec beside a checkpoint, and the metadata of one.
    for model in [uid.as_str(), &file, &format!("runs/{uid}"), "alone.safetensors"] {
        needs_the_flag(&lab, &["embed", model, "--images", "data", "--out", "out.safetensors"]);
    }
    needs_the_flag(&lab, &["eval", &uid]);
    needs_the_flag(&lab, &["search", &uid, "a square"]);
    // `model show` reads only the checkpoint: the archive is not opened and may be missing.
    fs::rename(lab.path("tower.pt"), lab.path("away.pt")).unwrap();
    lab.run(&["model", "show", "alone.safetensors"]).success();
    fs::rename(lab.path("away.pt"), lab.path("tower.pt")).unwrap();
    needs_the_flag(&lab, &["model", "export", &uid, "--format", "torchscript", "--out", "out"]);
    // A path given by the user is trusted.
    let path = format!("model.image.path={}", lab.path("tower.pt").display());
    lab.run(&["embed", "alone.safetensors", "--set", &path, "--images", "data", "--out", "o.safetensors"])
        .success();
}

#[test]
fn a_spec_with_from_must_name_the_code_itself() {
    let lab = Lab::new();
    lab.write("scripted.toml", scripted(&lab));
    lab.run(&["run", "scripted.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    fs::copy(lab.path(&format!("runs/{uid}/last.safetensors")), lab.path("alone.safetensors")).unwrap();
    lab.write("second.toml", with_tower("from = \"alone.safetensors\"\n"));
    let output = lab.run(&["run", "second.toml"]).failure();
    assert_contains(&output, &["the checkpoint loads code", "set `path` in [model.image] yourself", FLAG]);
    assert_eq!(lab.folders(), 1, "no run was started");
    lab.write("third.toml", with_tower("from = \"alone.safetensors\"\npath = \"tower.pt\"\n"));
    lab.run(&["run", "third.toml"]).success();
    lab.run(&["run", "second.toml", FLAG]).success();
}

#[test]
fn a_check_opens_no_library() {
    let lab = Lab::new();
    // Not a library: opening it would fail with another error.
    lab.write("libmine.so", "not a library");
    let loads = TINY.replace("[run]\n", "[plugins]\nload = [\"libmine.so\"]\n[run]\n");
    lab.write("mine.toml", &loads);
    let output = lab.run(&["check", "mine.toml"]).failure();
    assert_contains(&output, &["[plugins].load: this spec loads code, libmine.so", FLAG]);
    for args in [&["check", "mine.toml", FLAG][..], &["run", "mine.toml"]] {
        assert_contains(&lab.run(args).failure(), &["it is not a shared library"]);
    }
    lab.write(
        "study.toml",
        "base = \"mine.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n[[arm]]\nname = \"a\"\n",
    );
    assert_contains(&lab.run(&["check", "study.toml"]).failure(), &[LOADS_CODE]);
    // An edit in a study is not trusted as the user's own.
    let arm = "base = \"tiny.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0]\n[[arm]]\nname = \"a\"\n\
               set = { \"plugins.load\" = [\"libmine.so\"] }\n";
    lab.write("edit.toml", arm);
    assert_contains(&lab.run(&["check", "edit.toml"]).failure(), &[LOADS_CODE]);
}
