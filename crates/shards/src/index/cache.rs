//! The cache of shard indexes.

use std::{fs, path::PathBuf};

use super::Index;
use crate::Location;

/// Increment when the index of the same shard changes.
const FORMAT: u32 = 2;

/// A folder of indexes, one file per shard.
#[derive(Debug)]
pub(crate) struct IndexCache {
    folder: PathBuf,
    caption: String,
}

impl IndexCache {
    /// A cache of indexes whose captions are under `caption`.
    pub(crate) fn new(folder: PathBuf, caption: &str) -> Self {
        Self { folder, caption: caption.to_owned() }
    }

    fn path(&self, location: &Location) -> PathBuf {
        // Includes user and query: another token may give another file.
        let source = match location {
            Location::Local(path) => std::path::absolute(path).unwrap_or(path.clone()).display().to_string(),
            Location::Remote(url) => url.to_string(),
        };
        let hash = blake3::hash(format!("{FORMAT}\n{source}\n{}", self.caption).as_bytes()).to_hex();
        self.folder.join(format!("{}.json", &hash[..32]))
    }

    /// The cached index of a shard; with a `stamp`, only if it matches.
    pub(crate) fn load(&self, location: &Location, stamp: Option<&str>) -> Option<Index> {
        let index: Index = serde_json::from_slice(&fs::read(self.path(location)).ok()?).ok()?;
        stamp.is_none_or(|stamp| stamp == index.stamp).then_some(index)
    }

    /// Saves an index. Ignores errors: the shard is then scanned again.
    pub(crate) fn save(&self, location: &Location, index: &Index) {
        let write = || -> anyhow::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let file = tempfile::NamedTempFile::new_in(&self.folder)?;
            serde_json::to_writer(std::io::BufWriter::new(&file), index)?;
            file.persist(self.path(location))?;
            Ok(())
        };
        drop(write());
    }
}
