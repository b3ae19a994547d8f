//! The cache folders.

use std::{collections::BTreeMap, fs, path::Path};

use clip_lab_home::{cache_dir, hub_dir};
use serde_json::json;

use super::{disk::size, finding::Finding};

/// Folders of our cache, with descriptions.
const PARTS: [(&str, &str); 5] = [
    ("libtorch", "libtorch"),
    ("weights", "pretrained towers"),
    ("features", "features of locked towers"),
    ("search", "search indexes"),
    ("webdataset", "downloaded shards and their indexes"),
];

/// Our cache and the Hugging Face Hub cache, with sizes.
pub fn caches() -> Vec<Finding> {
    vec![own_cache(&cache_dir()), weights(&cache_dir().join("weights")), hub(&hub_dir())]
}

fn own_cache(cache: &Path) -> Finding {
    let shown = cache.display();
    if !cache.is_dir() {
        let found = format!("{shown} does not exist yet: nothing was downloaded");
        return Finding::note(
            "cache",
            found,
            "`cargo xtask setup` downloads libtorch and two pretrained towers into it",
        );
    }
    if let Err(error) = writable(cache) {
        let found = format!("cannot write to {shown}: {error}");
        return Finding::error(
            "cache",
            found,
            "fix its permissions, or set CLIP_LAB_CACHE to another folder",
        );
    }
    let bytes: BTreeMap<&str, u64> = PARTS.iter().map(|(name, _)| (*name, below(cache, name))).collect();
    let used = PARTS.iter().filter(|(name, _)| bytes[name] > 0);
    let sizes: Vec<String> = used.map(|(name, what)| format!("{what} {}", size(bytes[name]))).collect();
    let sizes = if sizes.is_empty() { "empty".to_owned() } else { sizes.join(", ") };
    Finding::ok("cache", format!("{shown}: {sizes}")).with(json!({ "folder": cache, "bytes": bytes }))
}

fn weights(folder: &Path) -> Finding {
    let missing: Vec<&str> =
        ["resnet50-keras", "minilm-l6"].into_iter().filter(|name| !folder.join(name).is_dir()).collect();
    if missing.is_empty() {
        return Finding::ok("weights", "resnet50-keras and minilm-l6 are available for `from`");
    }
    let found = format!("{} missing: specs whose `from` names them cannot run", missing.join(" and "));
    Finding::note(
        "weights",
        found,
        "`cargo xtask setup` downloads them; every other `from` works without them",
    )
}

fn hub(folder: &Path) -> Finding {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let bytes = bytes(folder);
    let what = match (folder.is_dir(), set("HF_HUB_OFFLINE")) {
        (false, _) => "does not exist yet: nothing was downloaded".to_owned(),
        (true, false) => size(bytes),
        (true, true) => format!("{}, and HF_HUB_OFFLINE is set: no downloads", size(bytes)),
    };
    let token =
        if set("HF_TOKEN") || clip_lab_home::hub_token_file().is_file() { "found" } else { "not found" };
    let mirror = if set("HF_ENDPOINT") { ", mirror set by HF_ENDPOINT" } else { "" };
    Finding::ok("hub", format!("{}: {what}; token {token}{mirror}", folder.display()))
        .with(json!({ "folder": folder, "bytes": bytes, "token": token == "found" }))
}

/// Bytes of all entries whose names begin with `name`.
fn below(folder: &Path, name: &str) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(name));
    own.map(|entry| bytes(&entry.path())).sum()
}

/// Bytes of the files below a folder, without following links.
fn bytes(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => {
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| bytes(&entry.path())).sum()
        }
        Ok(about) if about.is_file() => about.len(),
        _ => 0,
    }
}

fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    fs::write(&probe, b"")?;
    fs::remove_file(probe)
}
