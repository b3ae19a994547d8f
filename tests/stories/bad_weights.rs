//! `from` with a missing path, a damaged file, or weights that are not cached.

use std::fs;

use crate::{
    lab::{Lab, TINY},
    program::{assert_contains, bytes},
    support::goldens,
};

/// The error of a run with this `from` of the image tower. Checks that it shows the line and that nothing is recorded.
fn refused(lab: &Lab, from: &str) -> String {
    let start = TINY.find("[model.image]\n").unwrap();
    let end = TINY.find("[model.text]\n").unwrap();
    let spec = format!("{}[model.image]\nfrom = \"{from}\"\n{}", &TINY[..start], &TINY[end..]);
    lab.write("from.toml", &spec);
    let error = lab.run(&["run", "from.toml"]).failure();
    let line = 2 + TINY[..start].lines().count();
    let caret = "^".repeat(from.chars().count() + 2);
    assert_contains(
        &error,
        &[&format!("from.toml:{line}:8"), &format!("from = \"{from}\""), &caret, "problem"],
    );
    assert!(!lab.path("runs").exists(), "a spec that cannot run leaves nothing behind");
    error
}

#[test]
fn a_truncated_file_is_reported_with_the_missing_part() {
    let tower = goldens("towers/hf_vit");
    let lab = Lab::new();
    fs::create_dir(lab.path("cut")).unwrap();
    for file in fs::read_dir(tower).unwrap().flatten() {
        fs::copy(file.path(), lab.path("cut").join(file.file_name())).unwrap();
    }
    let whole = bytes(&lab.path("cut/model.safetensors"));
    for (length, message) in
        [(whole.len() - 7, "the first incomplete tensor"), (50, "header"), (3, "only 3 bytes")]
    {
        lab.write("cut/model.safetensors", &whole[..length]);
        assert_contains(&refused(&lab, "cut"), &["cut/model.safetensors", "truncated", message]);
    }
}

#[test]
fn a_pickle_is_never_opened() {
    let lab = Lab::new();
    // Creates a file when it is unpickled.
    lab.write("weights.bin", b"cposix\nsystem\n(S'touch harmed'\ntR.");
    assert_contains(
        &refused(&lab, "weights.bin"),
        &["weights.bin", "pickle", "never read", "safetensors.torch.save_file"],
    );
    fs::create_dir(lab.path("model")).unwrap();
    lab.write("model/config.json", r#"{"model_type": "vit"}"#);
    fs::rename(lab.path("weights.bin"), lab.path("model/pytorch_model.bin")).unwrap();
    assert_contains(&refused(&lab, "model"), &["pytorch_model.bin", "pickle", "Convert it to safetensors"]);
    assert!(!lab.path("harmed").exists());
}

#[test]
fn missing_weights_are_reported_with_a_fix() {
    let lab = Lab::new();
    assert_contains(
        &refused(&lab, "nowhere"),
        &["no such file or folder", "resnet50-keras, minilm-l6", "hf:ORGANISATION/NAME"],
    );
    assert_contains(&refused(&lab, "resnet50-kears"), &["Did you mean `resnet50-keras`?"]);
    let cache = lab.path("cache/weights/resnet50-keras");
    assert_contains(&refused(&lab, "resnet50-keras"), &[cache.to_str().unwrap(), "cargo xtask setup"]);
    assert_contains(
        &refused(&lab, "hf:some/model"),
        &["hf:some/model is not in the hub's cache", "HF_HUB_OFFLINE", "HF_HOME"],
    );
    assert_contains(&refused(&lab, "hf:some/model/more"), &["not of the form hf:ORGANISATION/NAME"]);
    fs::create_dir(lab.path("void")).unwrap();
    assert_contains(&refused(&lab, "void"), &["void holds no checkpoint", "config.json"]);
}
