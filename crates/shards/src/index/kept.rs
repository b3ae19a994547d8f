//! Indexes that were made before.

use std::{fs, path::PathBuf};

use super::Index;
use crate::Place;

/// Changes when an index would hold something else for the same shard.
const FORMAT: u32 = 2;

/// A folder of indexes, a file for each shard.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    caption: String,
}

impl Kept {
    /// Indexes whose captions are under `caption`.
    pub(crate) fn new(folder: PathBuf, caption: &str) -> Self {
        Self { folder, caption: caption.to_owned() }
    }

    fn path(&self, place: &Place) -> PathBuf {
        // With user and query: another token may see another file.
        let address = match place {
            Place::Local(path) => std::path::absolute(path).unwrap_or(path.clone()).display().to_string(),
            Place::Remote(url) => url.to_string(),
        };
        let hash = blake3::hash(format!("{FORMAT}\n{address}\n{}", self.caption).as_bytes()).to_hex();
        self.folder.join(format!("{}.json", &hash[..32]))
    }

    /// The index of a shard, if there is one; with a `stamp`, only one of that state of it.
    pub(crate) fn load(&self, place: &Place, stamp: Option<&str>) -> Option<Index> {
        let index: Index = serde_json::from_slice(&fs::read(self.path(place)).ok()?).ok()?;
        stamp.is_none_or(|stamp| stamp == index.stamp).then_some(index)
    }

    /// Keeps an index. Where that fails, nothing is lost but the time to read the shard through again.
    pub(crate) fn save(&self, place: &Place, index: &Index) {
        let write = || -> anyhow::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let file = tempfile::NamedTempFile::new_in(&self.folder)?;
            serde_json::to_writer(std::io::BufWriter::new(&file), index)?;
            file.persist(self.path(place))?;
            Ok(())
        };
        drop(write());
    }
}
