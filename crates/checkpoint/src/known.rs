//! The catalogue of known weights: names that `cargo xtask setup` fills the cache with.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_api::problem::nearest;

use crate::layouts::{self, Layout};
use clip_lab_api::cache_dir;

/// Names of known weights.
const NAMES: [&str; 2] = ["resnet50-keras", "minilm-l6"];

/// Opens known weights; none when `name` is not one of them.
///
/// # Errors
/// When the cache does not hold them.
pub(crate) fn open(name: &str) -> Option<Result<Box<dyn Layout>>> {
    let name = NAMES.into_iter().find(|known| *known == name)?;
    Some(from_cache(name))
}

fn from_cache(name: &str) -> Result<Box<dyn Layout>> {
    let folder = cache_dir().join("weights").join(name);
    ensure!(
        folder.is_dir(),
        "the weights `{name}` are not in the cache ({}); `cargo xtask setup` fetches them",
        folder.display()
    );
    if name == "resnet50-keras" { layouts::keras(&folder) } else { layouts::folder(&folder) }
}

/// What to say when `from` leads nowhere.
pub(crate) fn stranger(from: &str) -> String {
    let meant = nearest(from, &NAMES).map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
    let tilde = if from.starts_with('~') { " `~` is not expanded: write the whole path." } else { "" };
    let folder = std::env::current_dir().unwrap_or_default();
    format!(
        "`from = \"{from}\"`: no such file or folder in {}, and no known weights of that name ({}).{meant}{tilde} \
         A repository of the hub is written hf:ORGANISATION/NAME, a run by its folder, such as runs/UID",
        Path::new(&folder).display(),
        NAMES.join(", ")
    )
}
