//! What was packed into a folder, so that only the same is gone on with.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{PackArgs, PackFormat};
use serde_json::{Value, json};

use crate::{commands::sources::Sources, data::identity};

/// Notes beside the shards what they are of; where there is such a note, it must be the same.
///
/// # Errors
/// When the folder holds shards of something else, or cannot be written.
pub(super) fn check(args: &PackArgs, sources: &Sources) -> Result<()> {
    let path = args.out.join("pack.json");
    let splits: serde_json::Map<String, Value> =
        sources.iter().map(|(split, data)| ((*split).to_owned(), json!(identity(data.as_ref())))).collect();
    let format = if args.format == PackFormat::Jpg { "jpg" } else { "png" };
    let now = json!({
        "version": 1,
        "data": splits,
        "shard_size": args.shard_size,
        "resize": args.resize.map(std::num::NonZeroU32::get),
        "format": format,
        "quality": args.quality,
    });
    fs::create_dir_all(&args.out).with_context(|| format!("folder {}", args.out.display()))?;
    let there = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    if let Some(there) = there {
        ensure!(
            there == now,
            "{} holds shards of other pictures or settings ({}): name another folder, or remove it",
            args.out.display(),
            difference(&there, &now)
        );
    }
    fs::write(&path, format!("{now:#}\n")).with_context(|| format!("writing {}", path.display()))
}

/// The keys that differ.
fn difference(a: &Value, b: &Value) -> String {
    let keys = b.as_object().into_iter().flatten().filter(|(key, value)| a.get(key) != Some(value));
    keys.map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
}
