//! Lets `clip-lab-core` and the tests find libtorch where it was when they were built, without LD_LIBRARY_PATH, and
//! names the code that decides results, so that runs of different code are not compared unawares.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Sources that a result depends on: the trainer, every plugin and what they use.
const DECISIVE: &[&str] = &[
    "src",
    "plugins",
    "crates/api",
    "crates/blocks",
    "crates/checkpoint",
    "crates/fetch",
    "crates/files",
    "crates/hub",
    "crates/picture",
    "crates/shards",
    "crates/spec",
    "crates/torch",
    "Cargo.lock",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=CLIP_LAB_CODE={}", code());
    // crates/torch hands on where torch-sys found it.
    let Ok(folder) = std::env::var("DEP_CLIP_LAB_SHIM_LIBTORCH") else { return };
    // Where it is, not the checkout's link to it: an installed program outlives the checkout.
    let folder = Path::new(&folder).canonicalize().map_or(folder, |folder| folder.display().to_string());
    println!("cargo:rustc-link-arg-bin=clip-lab-core=-Wl,-rpath,{folder}");
    println!("cargo:rustc-link-arg-tests=-Wl,-rpath,{folder}");
}

/// The digest of every decisive source, names included.
fn code() -> String {
    let mut files = Vec::new();
    for place in DECISIVE {
        println!("cargo:rerun-if-changed={place}");
        sources(Path::new(place), &mut files);
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let content = fs::read(&file).unwrap_or_default();
        hasher.update(file.to_string_lossy().as_bytes());
        hasher.update(&(content.len() as u64).to_le_bytes());
        hasher.update(&content);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// The files below `place` that are code; tests and words about it decide nothing.
fn sources(place: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(place) else { return found.push(place.to_owned()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "examples", "benches"].contains(&name.as_str()) {
            sources(&path, found);
        } else if path.is_file() && !name.ends_with(".md") && name != "tests.rs" {
            found.push(path);
        }
    }
}
