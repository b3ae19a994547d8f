//! Where the reference values lie.

use std::{env, path::PathBuf};

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
