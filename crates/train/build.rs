//! Computes digests of code, without comments (which include help texts): of the code that affects results (model, data
//! path, training and plugins), to detect comparisons of runs of different code, and of the code that computes the
//! features of an image tower, for the key under which they are cached.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What affects results; paths below the workspace's root.
const RESULTS: &[&str] = &[
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

/// What computes features and embeddings of images: a part of [`RESULTS`].
const FEATURES: &[&str] = &[
    "crates/nn",
    "crates/input",
    "crates/model",
    "crates/image-io",
    "crates/torch-ext",
    "plugins/augment",
    "plugins/image",
    "plugins/projection",
    "Cargo.lock",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for path in RESULTS {
        println!("cargo:rerun-if-changed=../../{path}");
    }
    for (variable, paths) in [("CLIP_LAB_CODE", RESULTS), ("CLIP_LAB_FEATURES", FEATURES)] {
        println!("cargo:rustc-env={variable}={}", digest(&root, paths));
    }
}

/// The digest of the sources below `paths`.
fn digest(root: &Path, paths: &[&str]) -> String {
    let mut files = Vec::new();
    for path in paths {
        sources(&root.join(path), &mut files);
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let code = code(&fs::read_to_string(&file).unwrap_or_default());
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        hasher.update(name.as_bytes());
        hasher.update(&(code.len() as u64).to_le_bytes());
        hasher.update(code.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// A source without its comment lines, in Rust and C++.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The source files below `path`.
fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else { return found.push(path.to_owned()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "examples", "benches"].contains(&name.as_str()) {
            sources(&path, found);
        } else if path.is_file() && !name.ends_with(".md") && name != "tests.rs" {
            found.push(path);
        }
    }
}
