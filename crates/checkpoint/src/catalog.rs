//! The catalog of weights that `cargo xtask setup` downloads to the cache.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_plugin_api::diagnostics::suggest;

use crate::layouts::{self, Layout};
use clip_lab_plugin_api::cache_dir;

/// Names of cataloged weights.
const NAMES: [&str; 2] = ["resnet50-keras", "minilm-l6"];

/// Opens cataloged weights; none if `name` is not in the catalog.
///
/// # Errors
/// If they are not cached.
pub(crate) fn open(name: &str) -> Option<Result<Box<dyn Layout>>> {
    let name = NAMES.into_iter().find(|other| *other == name)?;
    Some(from_cache(name))
}

fn from_cache(name: &str) -> Result<Box<dyn Layout>> {
    let folder = cache_dir().join("weights").join(name);
    ensure!(
        folder.is_dir(),
        "the weights `{name}` are not in the cache ({}); download them with `cargo xtask setup`",
        folder.display()
    );
    if name == "resnet50-keras" { layouts::keras(&folder) } else { layouts::folder(&folder) }
}

/// The error message for a `from` that names nothing.
pub(crate) fn not_found(from: &str) -> String {
    let suggestion = suggest(from, &NAMES).map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
    let tilde = if from.starts_with('~') { " `~` is not expanded: write the full path." } else { "" };
    let folder = std::env::current_dir().unwrap_or_default();
    format!(
        "`from = \"{from}\"`: no such file or folder in {}, and no cataloged weights of that name ({}).{suggestion}{tilde} \
         Write a hub repository as hf:ORGANISATION/NAME, a run as its folder, such as runs/UID",
        Path::new(&folder).display(),
        NAMES.join(", ")
    )
}
