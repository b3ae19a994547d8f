//! Access to local and remote shards.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, ensure};
use clip_lab_files::{check_regular, open_regular};

use crate::{
    Cache, Index, Location, RetryPolicy, Sample,
    index::{IndexCache, scan},
};

/// Reads images of shards by index and offset.
#[derive(Debug)]
pub struct Shards {
    indexes: IndexCache,
    cache: Cache,
    caption: String,
}

impl Shards {
    /// Caches indexes, and at most `limit` bytes of downloaded shards, in `folder`. `caption` is the key of captions in JSON.
    pub fn new(folder: &Path, limit: u64, policy: RetryPolicy, caption: &str) -> Self {
        Self {
            indexes: IndexCache::new(folder.join("index"), caption),
            cache: Cache::new(folder.join("shards"), limit, policy),
            caption: caption.to_owned(),
        }
    }

    /// The index of a shard. Scans a local shard if it has changed since it was indexed, a remote one if it has no index:
    /// files at URLs are assumed not to change.
    ///
    /// # Errors
    /// If it cannot be opened or downloaded, or is compressed.
    pub fn index(&self, location: &Location) -> Result<Index> {
        let stamp = match location {
            Location::Local(path) => Some(stamp(path).with_context(|| unreadable(location))?),
            Location::Remote(_) => None,
        };
        if let Some(index) = self.indexes.load(location, stamp.as_deref()) {
            return Ok(index);
        }
        let file = self.open(location)?;
        let length = file.metadata().with_context(|| unreadable(location))?.len();
        let mut index = scan(&file, length, &self.caption);
        ensure!(!compressed(&file), "shard {location} is compressed; shards must be uncompressed .tar");
        index.stamp = stamp.unwrap_or_else(|| length.to_string());
        self.indexes.save(location, &index);
        Ok(index)
    }

    /// Whether the index is available without the network.
    pub fn is_indexed(&self, location: &Location) -> bool {
        matches!(location, Location::Local(_)) || self.indexes.load(location, None).is_some()
    }

    /// Reads an image; `length` is the size of its shard by the index.
    ///
    /// # Errors
    /// If the shard is missing or has changed.
    pub fn read(&self, location: &Location, length: u64, sample: &Sample) -> Result<Vec<u8>> {
        let file = self.open(location)?;
        let now = file.metadata().with_context(|| unreadable(location))?.len();
        ensure!(
            now == length,
            "shard {location} has {now} bytes, but had {length} when the data set was opened: it was changed meanwhile"
        );
        let end = sample.offset.checked_add(sample.length);
        ensure!(end.is_some_and(|end| end <= length), "the index of shard {location} is damaged: remove it");
        let mut bytes = Vec::new();
        let size = usize::try_from(sample.length)?;
        bytes
            .try_reserve_exact(size)
            .with_context(|| format!("{} bytes of shard {location}", sample.length))?;
        bytes.resize(size, 0);
        file.read_exact_at(&mut bytes, sample.offset).with_context(|| unreadable(location))?;
        Ok(bytes)
    }

    /// Downloads a shard that is not cached, so that later reads do not wait.
    ///
    /// # Errors
    /// If it cannot be downloaded.
    pub fn fetch(&self, location: &Location) -> Result<()> {
        match location {
            Location::Local(_) => Ok(()),
            Location::Remote(_) => self.open(location).map(drop),
        }
    }

    fn open(&self, location: &Location) -> Result<File> {
        match location {
            Location::Local(path) => open_regular(path).with_context(|| unreadable(location)),
            Location::Remote(url) => {
                self.cache.file(url).with_context(|| format!("shard {location} cannot be fetched"))
            }
        }
    }
}

fn unreadable(location: &Location) -> String {
    format!("shard {location} cannot be read")
}

/// Size and modification time.
fn stamp(path: &PathBuf) -> std::io::Result<String> {
    let about = std::fs::metadata(path)?;
    check_regular(&about.file_type())?;
    let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} {}", about.len(), changed.as_nanos()))
}

fn compressed(file: &File) -> bool {
    let mut start = [0; 4];
    file.read_exact_at(&mut start, 0).is_ok()
        && (start.starts_with(&[0x1f, 0x8b]) || start == [0x28, 0xb5, 0x2f, 0xfd])
}
