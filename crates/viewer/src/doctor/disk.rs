//! Free disk space.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use clip_lab_home::{cache_dir, hub_dir};
use serde_json::json;

use super::finding::Finding;

/// With less free space, a run soon stops recording.
const LOW: u64 = 2_000_000_000;
/// With less free space, a checkpoint of a small model does not fit.
const FULL: u64 = 200_000_000;

/// Free space for runs, downloads and temporary files, once for each disk.
pub fn disk(store: &Path) -> Vec<Finding> {
    let folders = [
        ("runs", store.to_owned()),
        ("cache", cache_dir()),
        ("hub", hub_dir()),
        ("temporary files", std::env::temp_dir()),
    ];
    let mut disks: BTreeMap<u64, (Vec<&str>, PathBuf)> = BTreeMap::new();
    for (what, folder) in folders {
        let Some(folder) = existing(&folder) else { continue };
        let Ok(metadata) = folder.metadata() else { continue };
        disks.entry(metadata.dev()).or_insert_with(|| (Vec::new(), folder)).0.push(what);
    }
    disks.into_values().filter_map(|(what, folder)| free_space(&what.join(", "), &folder)).collect()
}

fn free_space(what: &str, folder: &Path) -> Option<Finding> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let found = format!("{} of {} free for {what}", size(free), size(all));
    let advice = "free some space, or use other folders with --store, CLIP_LAB_CACHE, HF_HOME and TMPDIR";
    let finding = match free {
        free if free < FULL => Finding::error("disk", found, advice),
        free if free < LOW => Finding::note("disk", found, advice),
        _ => Finding::ok("disk", found),
    };
    Some(finding.with(json!({ "for": what, "free": free, "size": all })))
}

/// The nearest existing ancestor of `path`.
fn existing(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().find(|folder| folder.exists()).map(Path::to_owned)
}

/// `1.2 GB`, in powers of 1000.
pub fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e12 => format!("{:.1} TB", b / 1e12),
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.0} kB", (b / 1e3).ceil()),
    }
}
