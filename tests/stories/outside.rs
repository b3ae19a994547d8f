//! External plugins: a TorchScript archive as a tower, and a loss in a shared library.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use crate::{
    lab::{Lab, TINY},
    program::{assert_contains, bytes},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The spec with a TorchScript image tower and `steps` steps.
fn scripted(steps: u64) -> String {
    let (start, end) = (TINY.find("[model.image]\n").unwrap(), TINY.find("[model.text]\n").unwrap());
    let path = Path::new(ROOT).join("plugins/image/tests/torchscript/tower.pt");
    let tower =
        format!("[model.image]\nplugin = \"torchscript\"\npath = {path:?}\nwidth = 12\nimage_size = 16\n");
    let spec = format!("{}{tower}{}", &TINY[..start], &TINY[end..]);
    spec.replace("steps = 12", &format!("steps = {steps}\ncheckpoint_every = 4"))
}

#[test]
fn a_torchscript_tower_resumes_bit_exactly() {
    let (whole, lab) = (Lab::new(), Lab::new());
    for lab in [&whole, &lab] {
        lab.write("scripted.toml", scripted(144));
    }
    whole.run(&["run", "scripted.toml"]).success();
    let mut run = lab.start(&["run", "scripted.toml"]);
    run.until_out("step ");
    run.signal("TERM");
    run.wait().stopped();
    let (newest, spec) = (lab.newest(), lab.folder().join("spec.toml"));
    assert!((1..144).contains(&newest["step"].as_u64().unwrap()), "{newest}");
    let uid = newest["uid"].as_str().unwrap();
    assert_contains(
        &lab.run(&["run", spec.to_str().unwrap(), "--resume", uid]).success(),
        &["resuming", "finished"],
    );
    let losses = lab.losses();
    assert_eq!((losses.len(), &losses), (144, &whole.losses()));
    assert_ne!(losses[0].1, losses[143].1);
}

#[test]
fn a_locked_torchscript_tower_has_its_features_cached() {
    let lab = Lab::new();
    let (start, end) = (TINY.find("[[augment]]\n").unwrap(), TINY.find("[tokenizer]\n").unwrap());
    let spec = scripted(6).replace(&TINY[start..end], "") + "\n[[trick]]\nplugin = \"freeze\"\n";
    lab.write("locked.toml", &spec);
    // The feature files with their modification times.
    let cached = || -> BTreeMap<PathBuf, SystemTime> {
        let files = fs::read_dir(lab.path("cache/features")).into_iter().flatten().flatten();
        files.map(|file| (file.path(), file.metadata().unwrap().modified().unwrap())).collect()
    };
    lab.run(&["run", "locked.toml"]).success();
    let (files, first) = (cached(), lab.losses());
    assert!(!files.is_empty() && first.len() == 6, "{files:?}");
    lab.run(&["run", "locked.toml"]).success();
    assert_eq!(
        (cached(), lab.losses()),
        (files, first),
        "the second run reads the features that the first one cached"
    );
}

/// Creates and builds `my_loss` in this workspace; none, with a note, without cargo.
fn built(lab: &Lab) -> Option<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    if !Command::new(&cargo).arg("--version").output().is_ok_and(|output| output.status.success()) {
        assert!(env::var_os("CI").is_none(), "there is no cargo");
        eprintln!("SKIPPED: there is no cargo to build a plugin with");
        return None;
    }
    // Always the same folder, so that cargo reuses one build.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("my_loss");
    let _ = fs::remove_dir_all(&folder);
    let path = folder.to_str().unwrap();
    let out = lab.run(&["plugin", "new", "loss", "my_loss", "--path", path, "--clip-lab", ROOT]).success();
    assert_contains(&out, &["cargo test", "libmy_loss.so"]);
    let target = Path::new(env!("CARGO_BIN_EXE_clip-lab")).ancestors().nth(2).unwrap();
    let mut build = Command::new(cargo);
    build.args(["build", "--offline", "--quiet"]).current_dir(&folder).env("CARGO_TARGET_DIR", target);
    let output = build.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(target.join("debug/libmy_loss.so"))
}

/// The file with another version of tch in its fingerprint.
fn altered(mut library: Vec<u8>) -> Vec<u8> {
    let key = b"\ntch: 0";
    let offsets: Vec<usize> = library
        .windows(key.len())
        .enumerate()
        .filter(|(_, seen)| seen == key)
        .map(|(offset, _)| offset)
        .collect();
    assert!(!offsets.is_empty(), "the library has no fingerprint");
    for offset in offsets {
        library[offset + key.len() - 1] = b'9';
    }
    library
}

#[test]
fn a_loss_in_a_shared_library_trains_and_one_of_another_build_is_rejected() {
    let lab = Lab::new();
    let Some(library) = built(&lab) else { return };
    let library = bytes(&library);
    lab.write("libmy_loss.so", &library);
    lab.write("libother.so", altered(library));
    let spec = |file: &str| {
        let spec = TINY.replace("[run]\n", &format!("[plugins]\nload = [\"{file}\"]\n[run]\n"));
        spec.replace("[loss]\nplugin = \"clip\"", "[loss]\nplugin = \"my_loss\"\nmargin = 0.3")
    };
    lab.write("mine.toml", spec("libmy_loss.so"));
    lab.run(&["run", "mine.toml"]).success();
    let losses: Vec<f64> = lab.losses().iter().map(|(_, loss)| loss.parse().unwrap()).collect();
    assert!(losses.len() == 12 && losses.iter().all(|loss| *loss > 0.0 && *loss < 5.0), "{losses:?}");
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    lab.run(&["export", &uid, "--metric", "train/right_cosine", "--out", "cosine.csv"]).success();
    lab.write("other.toml", spec("libother.so"));
    let refused = lab.run(&["run", "other.toml"]).failure();
    assert_contains(
        &refused,
        &["libother.so", "built differently from this program", "none of its code was run"],
    );
    assert_contains(&refused, &["tch: the library has 9.", "this program 0.", "cargo build --release"]);
    assert_eq!(lab.folders(), 1, "no run was started");
}
