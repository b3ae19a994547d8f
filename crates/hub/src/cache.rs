//! A repository's folder in the cache, in the layout of huggingface_hub:
//!
//! ```text
//! models--ORG--NAME/refs/main               the commit of `main` when it was requested
//!                   blobs/TAG               a file, named by its etag; TAG.incomplete during the download
//!                   snapshots/COMMIT/FILE   a link to its blob
//!                   .clip-lab/COMMIT.json   ours: the file listing of the commit
//! .locks/models--ORG--NAME/TAG.lock         held during the download of a blob
//! ```

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result, ensure};

use crate::{Listing, Name, name::Kind};

/// Digits of a commit hash.
const COMMIT: usize = 40;
/// Longest etag: twice a SHA-256 in hexadecimal.
const MAX_TAG: usize = 128;

/// The cache folder of one repository.
pub(crate) struct RepoCache {
    folder: PathBuf,
    locks: PathBuf,
}

impl RepoCache {
    pub fn new(cache: &Path, name: &Name) -> Self {
        let kind = if name.kind == Kind::Dataset { "datasets" } else { "models" };
        let folder = format!("{kind}--{}", name.id.replace('/', "--"));
        Self { locks: cache.join(".locks").join(&folder), folder: cache.join(folder) }
    }

    /// The commit of a revision, if it is a commit or in the cache.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if revision.len() == COMMIT && revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(revision.to_owned());
        }
        let commit = fs::read_to_string(self.folder.join("refs").join(revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| !commit.is_empty() && !commit.contains('/'))
    }

    /// The snapshot folder of a commit.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// Path of the blob with etag `tag`.
    pub fn blob(&self, tag: &str) -> Result<PathBuf> {
        let is_valid = (1..=MAX_TAG).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure!(is_valid, "the hub's etag is not a valid file name");
        Ok(self.folder.join("blobs").join(tag))
    }

    /// The saved listing of a commit.
    pub fn listing(&self, commit: &str) -> Option<Listing> {
        Listing::load(&self.listing_path(commit))
    }

    /// Saves the listing of a commit, and `revision` as its ref.
    pub fn save_listing(&self, listing: &Listing, revision: &str) -> Result<()> {
        write(&self.listing_path(&listing.commit), &serde_json::to_vec(listing)?)?;
        if revision != listing.commit {
            write(&self.folder.join("refs").join(revision), listing.commit.as_bytes())?;
        }
        Ok(())
    }

    /// Links `file` of a commit to the blob `tag`. Replaces an existing link atomically: other processes may be reading it.
    pub fn link(&self, tag: &str, commit: &str, file: &str) -> Result<()> {
        let link = self.snapshot(commit).join(file);
        let context = || format!("cache file {}", link.display());
        create_parent(&link)?;
        let up = "../".repeat(2 + file.matches('/').count());
        let temporary = temporary_path(&link);
        symlink(format!("{up}blobs/{tag}"), &temporary)
            .and_then(|()| fs::rename(&temporary, &link))
            .with_context(context)
    }

    /// Locks a blob for its download, also against huggingface_hub.
    pub fn lock(&self, tag: &str) -> Result<File> {
        let path = self.locks.join(format!("{tag}.lock"));
        let context = || format!("cache lock {}", path.display());
        create_parent(&path)?;
        let file = File::create(&path).with_context(context)?;
        file.lock().with_context(context)?;
        Ok(file)
    }

    fn listing_path(&self, commit: &str) -> PathBuf {
        self.folder.join(".clip-lab").join(format!("{commit}.json"))
    }
}

/// Creates the parent folder of `path`.
pub(crate) fn create_parent(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cache folder {}", folder.display()))
}

/// A unique temporary path next to `path`.
fn temporary_path(path: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{next}.new", std::process::id()))
}

/// Writes a file atomically.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    create_parent(path)?;
    let context = || format!("cache file {}", path.display());
    let temporary = temporary_path(path);
    fs::write(&temporary, bytes).with_context(context)?;
    fs::rename(&temporary, path).with_context(context)
}
