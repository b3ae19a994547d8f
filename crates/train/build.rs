//! Names the code that decides results, so that runs of different code are not compared without notice: the digest of the
//! sources of model, data path, training and plugins. Comments and help texts (which are doc comments) are no part of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Below the workspace's root.
const DECISIVE: &[&str] = &[
    "crates/plugin-api",
    "crates/nn",
    "crates/checkpoint",
    "crates/input",
    "crates/model",
    "crates/image-io",
    "crates/plan",
    "crates/shards",
    "crates/torch-ext",
    "crates/train",
    "plugins",
    "Cargo.lock",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for place in DECISIVE {
        println!("cargo:rerun-if-changed=../../{place}");
        sources(&root.join(place), &mut files);
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let code = code(&fs::read_to_string(&file).unwrap_or_default());
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().into_owned();
        hasher.update(name.as_bytes());
        hasher.update(&(code.len() as u64).to_le_bytes());
        hasher.update(code.as_bytes());
    }
    println!("cargo:rustc-env=CLIP_LAB_CODE={}", &hasher.finalize().to_hex()[..16]);
}

/// A source without the lines that are comments. Lines of Rust and C++ alike begin a comment by `//`.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The files below `place` that are code.
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
