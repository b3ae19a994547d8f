//! Where the outside data and the reference values lie.
#![allow(dead_code)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A file or folder below the outside data; none (said on stderr) where it is missing.
///
/// # Panics
/// When it is missing although `CI` is set.
pub fn data(path: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = env::var_os("CLIP_LAB_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(env::var_os("CI").is_none(), "no data at {}: set CLIP_LAB_DATA", found.display());
    eprintln!("SKIPPED: no data at {}", found.display());
    None
}

/// A file or folder below the goldens; none (said on stderr) where they are missing.
///
/// # Panics
/// When they are missing although `CI` is set.
pub fn golden(path: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/goldens");
    let root = env::var_os("CLIP_LAB_GOLDENS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(env::var_os("CI").is_none(), "no goldens at {}: set CLIP_LAB_GOLDENS", found.display());
    eprintln!("SKIPPED: no goldens at {}", found.display());
    None
}

/// A photograph's bytes and name.
pub fn photo() -> Option<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(data("photos")?).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.first().map(|file| fs::read(file).unwrap())
}

/// The error of a picture file with these bytes.
pub fn broken(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let file = dir.join(name);
    fs::write(&file, bytes).unwrap();
    let error = format!("{:#}", clip_lab_picture::open(&file).expect_err("it should not decode"));
    assert!(error.contains(name), "{error}");
    error
}
