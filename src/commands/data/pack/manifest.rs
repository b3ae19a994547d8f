//! `pack.json`: the data and settings of the shards in a folder, checked before packing resumes.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{PackArgs, PackFormat};
use serde_json::{Value, json};

use crate::{commands::sources::Sources, data::identity};

/// Writes the manifest. An existing manifest must be the same.
///
/// # Errors
/// When the folder holds shards of other data or settings, or cannot be written.
pub(super) fn check(args: &PackArgs, sources: &Sources) -> Result<()> {
    let path = args.out.join("pack.json");
    let splits: serde_json::Map<String, Value> =
        sources.iter().map(|(split, data)| ((*split).to_owned(), json!(identity(data.as_ref())))).collect();
    let format = if args.format == PackFormat::Jpg { "jpg" } else { "png" };
    let manifest = json!({
        "version": 1,
        "data": splits,
        "shard_size": args.shard_size,
        "resize": args.resize.map(std::num::NonZeroU32::get),
        "format": format,
        "quality": args.quality,
    });
    fs::create_dir_all(&args.out).with_context(|| format!("folder {}", args.out.display()))?;
    let existing = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    if let Some(existing) = existing {
        ensure!(
            existing == manifest,
            "{} holds shards of other data or settings ({}): choose another folder, or remove it",
            args.out.display(),
            difference(&existing, &manifest)
        );
    }
    fs::write(&path, format!("{manifest:#}\n")).with_context(|| format!("writing {}", path.display()))
}

/// The keys that differ.
fn difference(a: &Value, b: &Value) -> String {
    let keys = b.as_object().into_iter().flatten().filter(|(key, value)| a.get(key) != Some(value));
    keys.map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
}
