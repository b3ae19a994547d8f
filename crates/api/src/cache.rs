//! The user's cache folder.

use std::env;
use std::path::PathBuf;

/// Where downloads and computed features are kept: `$CLIP_LAB_CACHE`, else `$XDG_CACHE_HOME/clip-lab`, else
/// `~/.cache/clip-lab`.
pub fn cache_dir() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CLIP_LAB_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("clip-lab")))
        .unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".cache/clip-lab"))
}
