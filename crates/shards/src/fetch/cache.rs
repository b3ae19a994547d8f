//! Fetched shards on disk.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use anyhow::{Context, Result};
use clip_lab_fetch::{Part, Patience, fetch};
use url::Url;

use super::client::Remote;

/// A folder of fetched shards that stays below a size: those unused for longest go first, whole. While shards are
/// fetched it may be larger by one for each of them.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    limit: u64,
    patience: Patience,
    /// Held while a shard is fetched, so that of several readers one fetches and the others wait.
    busy: Mutex<HashMap<PathBuf, Arc<Mutex<()>>>>,
}

impl Cache {
    /// Fetched shards in `folder`, at most `limit` bytes of them.
    pub fn new(folder: PathBuf, limit: u64, patience: Patience) -> Self {
        Self { folder, limit, patience, busy: Mutex::default() }
    }

    /// The shard at `url`, fetched if it is not there. Whoever has it open may read on when it is evicted.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub fn file(&self, url: &Url) -> Result<File> {
        let path = self.path(url);
        if let Some(file) = used(&path) {
            return Ok(file);
        }
        let busy = {
            let mut all = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(path.clone()).or_default().clone()
        };
        let _mine = busy.lock().unwrap_or_else(PoisonError::into_inner);
        match used(&path) {
            Some(file) => Ok(file),
            None => self.fetch(url, &path),
        }
    }

    fn fetch(&self, url: &Url, path: &Path) -> Result<File> {
        fs::create_dir_all(&self.folder).with_context(|| format!("the cache {}", self.folder.display()))?;
        // Of several programs one fetches and the others wait. The lock is a file of its own, since the part is renamed.
        let _mine = locked(&path.with_extension("lock"))?;
        if let Some(file) = used(path) {
            return Ok(file);
        }
        let partly = path.with_extension("part");
        let mut part = Part::open(&partly)?;
        let source = Remote::connect(url, self.patience)?;
        fetch(&source, &mut part, self.patience, &|_| ())?;
        source.check(&mut part)?;
        let file = part.finish(&partly, path)?;
        self.evict(path);
        Ok(file)
    }

    /// Removes shards, those unused for longest first, until the rest is within the limit; never `newest`. Cannot
    /// fail: a file that another program removed is gone as well.
    fn evict(&self, newest: &Path) {
        let mut shards = shards(&self.folder);
        let mut total: u64 = shards.iter().map(|(_, size, _)| size).sum();
        shards.sort();
        for (_, size, path) in shards.iter().filter(|(_, _, path)| path != newest) {
            if total <= self.limit {
                return;
            }
            drop(fs::remove_file(path));
            total -= size;
        }
    }

    fn path(&self, url: &Url) -> PathBuf {
        self.folder.join(format!("{}.tar", &blake3::hash(url.as_str().as_bytes()).to_hex()[..32]))
    }
}

/// Locked until it is dropped.
fn locked(path: &Path) -> Result<File> {
    let told = || format!("the cache's lock {}", path.display());
    let file = File::create(path).with_context(told)?;
    file.lock().with_context(told)?;
    Ok(file)
}

/// Opens a shard and marks it as used now.
fn used(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    // Where the mark cannot be set, the oldest fetched goes first instead of the longest unused.
    drop(file.set_modified(SystemTime::now()));
    Some(file)
}

/// When each shard was used last, its size and its file.
fn shards(folder: &Path) -> Vec<(SystemTime, u64, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let paths = entries.map(|entry| entry.path());
    let tars = paths.filter(|path| path.extension().is_some_and(|ending| ending == "tar"));
    tars.filter_map(|path| {
        let about = fs::metadata(&path).ok()?;
        Some((about.modified().ok()?, about.len(), path))
    })
    .collect()
}
