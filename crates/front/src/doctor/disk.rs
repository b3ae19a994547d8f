//! Room on disks.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use clip_lab_home::{cache_dir, hub_dir};
use serde_json::json;

use super::finding::Finding;

/// Below as much a run soon stops recording.
const LITTLE: u64 = 2_000_000_000;
/// Below as much a checkpoint of a small model does not fit.
const NOTHING: u64 = 200_000_000;

/// Room where runs, downloads and temporary files go; disks that several share are told once.
pub fn disk(store: &Path) -> Vec<Finding> {
    let places = [
        ("runs", store.to_owned()),
        ("cache", cache_dir()),
        ("hub", hub_dir()),
        ("temporary files", std::env::temp_dir()),
    ];
    let mut disks: BTreeMap<u64, (Vec<&str>, PathBuf)> = BTreeMap::new();
    for (what, place) in places {
        let Some(there) = existing(&place) else { continue };
        let Ok(about) = there.metadata() else { continue };
        disks.entry(about.dev()).or_insert_with(|| (Vec::new(), there)).0.push(what);
    }
    disks.into_values().filter_map(|(what, place)| room(&what.join(", "), &place)).collect()
}

fn room(what: &str, place: &Path) -> Option<Finding> {
    let about = rustix::fs::statvfs(place).ok()?;
    let (free, all) = (about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize);
    let found = format!("{} of {} free for {what}", size(free), size(all));
    let advice = "free some, or name other places by --store, CLIP_LAB_CACHE, HF_HOME and TMPDIR";
    let finding = match free {
        free if free < NOTHING => Finding::broken("disk", found, advice),
        free if free < LITTLE => Finding::remark("disk", found, advice),
        _ => Finding::good("disk", found),
    };
    Some(finding.with(json!({ "for": what, "free": free, "size": all })))
}

/// The nearest folder above `place` that is there.
fn existing(place: &Path) -> Option<PathBuf> {
    let place = std::path::absolute(place).ok()?;
    place.ancestors().find(|folder| folder.exists()).map(Path::to_owned)
}

/// `1.2 GB`, in powers of ten.
pub fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e12 => format!("{:.1} TB", b / 1e12),
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.0} kB", (b / 1e3).ceil()),
    }
}
