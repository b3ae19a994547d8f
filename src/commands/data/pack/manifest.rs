//! `pack.json`: the data and settings of the shards in a folder, checked before packing resumes.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::{PackArgs, PackFormat};
use clip_lab_files::{MIB, read_capped};
use serde_json::{Value, json};

use crate::{commands::sources::Sources, input::identity};

/// The largest manifest: it holds a few digests.
const MAX_MANIFEST: u64 = 16 * MIB;

/// Writes the manifest. An existing manifest must be the same.
///
/// # Errors
/// If the folder holds shards of other data or settings, its manifest cannot be read, or it cannot be written.
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
    if let Some(existing) = read(&path)? {
        ensure!(
            existing == manifest,
            "{} holds shards of other data or settings ({}): choose another folder, or remove it",
            args.out.display(),
            difference(&existing, &manifest)
        );
        return Ok(());
    }
    write(&path, &format!("{manifest:#}\n")).with_context(|| format!("writing {}", path.display()))
}

/// The manifest; none if there is no such file.
fn read(path: &Path) -> Result<Option<Value>> {
    let read = match read_capped(path, MAX_MANIFEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.and_then(|text| Ok(serde_json::from_slice(&text)?)),
    };
    let unknown = || {
        let path = path.display();
        format!(
            "{path} cannot be read, so its shards may be of other data: choose another folder, or remove this one"
        )
    };
    read.map(Some).with_context(unknown)
}

/// Writes the file atomically, through a temporary file.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("json.partial");
    File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// The keys that differ.
fn difference(a: &Value, b: &Value) -> String {
    let keys = b.as_object().into_iter().flatten().filter(|(key, value)| a.get(key) != Some(value));
    keys.map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
}
