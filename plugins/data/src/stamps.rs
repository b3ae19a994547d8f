//! Detects modified files without reading them.

use std::{fs, path::Path, time::UNIX_EPOCH};

/// A hash of the names, sizes and modification times of `files` below `folder`, in order.
pub fn stamps<'a>(folder: &Path, files: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let (size, modified) = stamp(&folder.join(file));
        hasher.update(&(file.len() as u64).to_le_bytes());
        hasher.update(file.as_bytes());
        hasher.update(&size.to_le_bytes());
        hasher.update(&modified.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Size in bytes and modification time in nanoseconds; zeros for a missing file.
pub fn stamp(path: &Path) -> (u64, u128) {
    let Ok(metadata) = fs::metadata(path) else { return (0, 0) };
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    (metadata.len(), modified.map_or(0, |time| time.as_nanos()))
}
