//! Computes a digest of the code that affects results, to detect comparisons of runs of different code: the sources of
//! model, data path, training and plugins, without comments (which include help texts).

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Paths below the workspace's root.
const SOURCES: &[&str] = &[
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
    for path in SOURCES {
        println!("cargo:rerun-if-changed=../../{path}");
        sources(&root.join(path), &mut files);
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
