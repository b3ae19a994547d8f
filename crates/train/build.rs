//! Computes digests of code, without comments (which include help texts) and tests, and of the versions of the crates that it uses: of the code that affects results (model, data
//! path, training and plugins), to detect comparisons of runs of different code, and of the code that computes the
//! features of an image tower, for the key under which they are cached.

use std::path::Path;

#[path = "build/digest.rs"]
mod digest;
#[path = "build/lock.rs"]
mod lock;

/// What affects results; paths below the workspace's root.
const RESULTS: &[&str] = &[
    "crates/plugin-api",
    "crates/nn",
    "crates/checkpoint",
    "crates/input",
    "crates/model",
    "crates/files",
    "crates/image-io",
    "crates/plan",
    "crates/shards",
    "crates/torch-ext",
    "crates/train",
    "plugins",
];

/// What computes features and embeddings of images: a part of [`RESULTS`].
const FEATURES: &[&str] = &[
    "crates/nn",
    "crates/input",
    "crates/model",
    "crates/files",
    "crates/image-io",
    "crates/torch-ext",
    "plugins/augment",
    "plugins/image",
    "plugins/projection",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for path in RESULTS {
        println!("cargo:rerun-if-changed=../../{path}");
    }
    println!("cargo:rerun-if-changed=../../Cargo.lock");
    println!("cargo:rerun-if-changed=build");
    for (variable, paths) in [("CLIP_LAB_CODE", RESULTS), ("CLIP_LAB_FEATURES", FEATURES)] {
        println!("cargo:rustc-env={variable}={}", digest::of(&root, paths));
    }
}
