//! Shards, wherever they lie.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, ensure};
use clip_lab_files::{check_regular, open_regular};

use crate::{
    Cache, Index, Patience, Place, Sample,
    index::{Kept, scan},
};

/// Reads shards by index and offset.
#[derive(Debug)]
pub struct Shards {
    kept: Kept,
    cache: Cache,
    caption: String,
}

impl Shards {
    /// Indexes and fetched shards are kept in `folder`, of the latter at most `limit` bytes. `caption` is the key of
    /// captions in JSON.
    pub fn new(folder: &Path, limit: u64, patience: Patience, caption: &str) -> Self {
        Self {
            kept: Kept::new(folder.join("index"), caption),
            cache: Cache::new(folder.join("shards"), limit, patience),
            caption: caption.to_owned(),
        }
    }

    /// What is in a shard. A local one is read through if it has changed since its index was made, one from elsewhere
    /// if it has no index: what lies at an address is taken not to change.
    ///
    /// # Errors
    /// When it cannot be opened or fetched.
    pub fn index(&self, place: &Place) -> Result<Index> {
        let stamp = match place {
            Place::Local(path) => Some(stamp(path).with_context(|| cannot(place))?),
            Place::Remote(_) => None,
        };
        if let Some(index) = self.kept.load(place, stamp.as_deref()) {
            return Ok(index);
        }
        let file = self.open(place)?;
        let length = file.metadata().with_context(|| cannot(place))?.len();
        let mut index = scan(&file, length, &self.caption);
        ensure!(
            !compressed(&file),
            "shard {place} is compressed; shards are plain .tar, pictures do not shrink"
        );
        index.stamp = stamp.unwrap_or_else(|| length.to_string());
        self.kept.save(place, &index);
        Ok(index)
    }

    /// Whether the index is there without the network.
    pub fn is_known(&self, place: &Place) -> bool {
        matches!(place, Place::Local(_)) || self.kept.load(place, None).is_some()
    }

    /// The bytes of a picture, whose shard has `length` bytes by its index.
    ///
    /// # Errors
    /// When the shard is gone or has changed.
    pub fn read(&self, place: &Place, length: u64, sample: &Sample) -> Result<Vec<u8>> {
        let file = self.open(place)?;
        let now = file.metadata().with_context(|| cannot(place))?.len();
        ensure!(
            now == length,
            "shard {place} has {now} bytes and had {length} when the data set was opened: it was changed meanwhile"
        );
        let end = sample.offset.checked_add(sample.length);
        ensure!(end.is_some_and(|end| end <= length), "the index of shard {place} is damaged: remove it");
        let mut bytes = Vec::new();
        let size = usize::try_from(sample.length)?;
        bytes.try_reserve_exact(size).with_context(|| format!("{} bytes of shard {place}", sample.length))?;
        bytes.resize(size, 0);
        file.read_exact_at(&mut bytes, sample.offset).with_context(|| cannot(place))?;
        Ok(bytes)
    }

    /// Fetches a shard that is not here yet, so that reading it need not wait.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub fn fetch(&self, place: &Place) -> Result<()> {
        match place {
            Place::Local(_) => Ok(()),
            Place::Remote(_) => self.open(place).map(drop),
        }
    }

    fn open(&self, place: &Place) -> Result<File> {
        match place {
            Place::Local(path) => open_regular(path).with_context(|| cannot(place)),
            Place::Remote(url) => {
                self.cache.file(url).with_context(|| format!("shard {place} cannot be fetched"))
            }
        }
    }
}

fn cannot(place: &Place) -> String {
    format!("shard {place} cannot be read")
}

/// Size and time of change.
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
