//! Whether files are still the same, without reading them.

use std::{fs, path::Path, time::UNIX_EPOCH};

/// A hash over the names, sizes and times of change of `files` below `folder`, in their order.
pub fn stamps<'a>(folder: &Path, files: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let (size, changed) = stamp(&folder.join(file));
        hasher.update(&(file.len() as u64).to_le_bytes());
        hasher.update(file.as_bytes());
        hasher.update(&size.to_le_bytes());
        hasher.update(&changed.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Size in bytes and time of change in nanoseconds; zeros for a file that is gone.
pub fn stamp(path: &Path) -> (u64, u128) {
    let Ok(about) = fs::metadata(path) else { return (0, 0) };
    let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    (about.len(), changed.map_or(0, |time| time.as_nanos()))
}
