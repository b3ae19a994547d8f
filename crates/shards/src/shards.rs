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
    Cache, Index, Place, RetryPolicy, Sample,
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
    pub fn index(&self, place: &Place) -> Result<Index> {
        let stamp = match place {
            Place::Local(path) => Some(stamp(path).with_context(|| unreadable(place))?),
            Place::Remote(_) => None,
        };
        if let Some(index) = self.indexes.load(place, stamp.as_deref()) {
            return Ok(index);
        }
        let file = self.open(place)?;
        let length = file.metadata().with_context(|| unreadable(place))?.len();
        let mut index = scan(&file, length, &self.caption);
        ensure!(!compressed(&file), "shard {place} is compressed; shards must be uncompressed .tar");
        index.stamp = stamp.unwrap_or_else(|| length.to_string());
        self.indexes.save(place, &index);
        Ok(index)
    }

    /// Whether the index is available without the network.
    pub fn is_known(&self, place: &Place) -> bool {
        matches!(place, Place::Local(_)) || self.indexes.load(place, None).is_some()
    }

    /// Reads an image; `length` is the size of its shard by the index.
    ///
    /// # Errors
    /// If the shard is missing or has changed.
    pub fn read(&self, place: &Place, length: u64, sample: &Sample) -> Result<Vec<u8>> {
        let file = self.open(place)?;
        let now = file.metadata().with_context(|| unreadable(place))?.len();
        ensure!(
            now == length,
            "shard {place} has {now} bytes, but had {length} when the data set was opened: it was changed meanwhile"
        );
        let end = sample.offset.checked_add(sample.length);
        ensure!(end.is_some_and(|end| end <= length), "the index of shard {place} is damaged: remove it");
        let mut bytes = Vec::new();
        let size = usize::try_from(sample.length)?;
        bytes.try_reserve_exact(size).with_context(|| format!("{} bytes of shard {place}", sample.length))?;
        bytes.resize(size, 0);
        file.read_exact_at(&mut bytes, sample.offset).with_context(|| unreadable(place))?;
        Ok(bytes)
    }

    /// Downloads a shard that is not cached, so that later reads do not wait.
    ///
    /// # Errors
    /// If it cannot be downloaded.
    pub fn fetch(&self, place: &Place) -> Result<()> {
        match place {
            Place::Local(_) => Ok(()),
            Place::Remote(_) => self.open(place).map(drop),
        }
    }

    fn open(&self, place: &Place) -> Result<File> {
        match place {
            Place::Local(path) => open_regular(path).with_context(|| unreadable(place)),
            Place::Remote(url) => {
                self.cache.file(url).with_context(|| format!("shard {place} cannot be fetched"))
            }
        }
    }
}

fn unreadable(place: &Place) -> String {
    format!("shard {place} cannot be read")
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
