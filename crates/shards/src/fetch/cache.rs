//! The cache of downloaded shards.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use anyhow::{Context, Result};
use clip_lab_fetch::{Part, RetryPolicy, fetch};
use url::Url;

use super::client::Remote;

/// A size-limited LRU cache of downloaded shards. During downloads it may exceed the limit by the shards in progress.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    limit: u64,
    policy: RetryPolicy,
    /// Held during the download of a shard, so that concurrent readers download it once.
    downloads: Mutex<HashMap<PathBuf, Arc<Mutex<()>>>>,
}

impl Cache {
    /// A cache in `folder` of at most `limit` bytes.
    pub fn new(folder: PathBuf, limit: u64, policy: RetryPolicy) -> Self {
        Self { folder, limit, policy, downloads: Mutex::default() }
    }

    /// Opens the shard at `url`, downloading it if it is not cached. The file stays readable after eviction.
    ///
    /// # Errors
    /// If it cannot be downloaded.
    pub fn file(&self, url: &Url) -> Result<File> {
        let path = self.path(url);
        if let Some(file) = open_cached(&path) {
            return Ok(file);
        }
        let download = {
            let mut all = self.downloads.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(path.clone()).or_default().clone()
        };
        let _guard = download.lock().unwrap_or_else(PoisonError::into_inner);
        match open_cached(&path) {
            Some(file) => Ok(file),
            None => self.fetch(url, &path),
        }
    }

    fn fetch(&self, url: &Url, path: &Path) -> Result<File> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cache {}", self.folder.display()))?;
        // Across processes only one downloads. The lock is a separate file, since the part is renamed.
        let _guard = lock_file(&path.with_extension("lock"))?;
        if let Some(file) = open_cached(path) {
            return Ok(file);
        }
        let part_path = path.with_extension("part");
        let mut part = Part::open(&part_path)?;
        let source = Remote::connect(url, self.policy)?;
        fetch(&source, &mut part, self.policy, &|_| ())?;
        source.check(&mut part)?;
        let file = part.finish(&part_path, path)?;
        self.evict(path);
        Ok(file)
    }

    /// Removes the least recently used shards until the rest is within the limit; never `newest`. Ignores errors:
    /// another process may have removed the file.
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

/// Locks a file until it is dropped.
fn lock_file(path: &Path) -> Result<File> {
    let context = || format!("cache lock {}", path.display());
    let file = File::create(path).with_context(context)?;
    file.lock().with_context(context)?;
    Ok(file)
}

/// Opens a cached shard and marks it as used.
fn open_cached(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    // If this fails, eviction is by download time instead of last use.
    drop(file.set_modified(SystemTime::now()));
    Some(file)
}

/// Last use, size and path of each shard.
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
