//! A repository's folder in the hub's cache, in the layout of the hub's own tools:
//!
//! ```text
//! models--ORG--NAME/refs/main               the commit that `main` was when it was asked for
//!                   blobs/TAG               a file, named by its content; TAG.incomplete while it is fetched
//!                   snapshots/COMMIT/FILE   a link to its blob
//!                   .clip-lab/COMMIT.json   ours: which files the commit has
//! .locks/models--ORG--NAME/TAG.lock         held while a blob is fetched
//! ```

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result, ensure};

use crate::{Listing, Name, name::Kind};

/// Digits of a commit.
const COMMIT: usize = 40;
/// Letters of the longest tag: twice those of a SHA-256.
const TAG: usize = 128;

/// The folder.
pub(crate) struct Shelf {
    folder: PathBuf,
    locks: PathBuf,
}

impl Shelf {
    pub fn new(cache: &Path, name: &Name) -> Self {
        let kind = if name.kind == Kind::Dataset { "datasets" } else { "models" };
        let folder = format!("{kind}--{}", name.id.replace('/', "--"));
        Self { locks: cache.join(".locks").join(&folder), folder: cache.join(folder) }
    }

    /// The commit that a revision is, as far as the cache knows.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if revision.len() == COMMIT && revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(revision.to_owned());
        }
        let commit = fs::read_to_string(self.folder.join("refs").join(revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| !commit.is_empty() && !commit.contains('/'))
    }

    /// The files of a commit.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// Where the content is that the hub calls `tag`.
    pub fn blob(&self, tag: &str) -> Result<PathBuf> {
        let good = (1..=TAG).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure!(good, "the hub gives it a tag that cannot name a file");
        Ok(self.folder.join("blobs").join(tag))
    }

    /// What was noted of a commit.
    pub fn listing(&self, commit: &str) -> Option<Listing> {
        Listing::noted(&self.note(commit))
    }

    /// Notes the files of a commit, and that `revision` is it.
    pub fn note_down(&self, listing: &Listing, revision: &str) -> Result<()> {
        write(&self.note(&listing.commit), &serde_json::to_vec(listing)?)?;
        if revision != listing.commit {
            write(&self.folder.join("refs").join(revision), listing.commit.as_bytes())?;
        }
        Ok(())
    }

    /// Shows the content `tag` as `file` of a commit. A link that is there is replaced without ever being gone: somebody
    /// else may be looking for it.
    pub fn link(&self, tag: &str, commit: &str, file: &str) -> Result<()> {
        let link = self.snapshot(commit).join(file);
        let told = || format!("the cache's file {}", link.display());
        make_folder(&link)?;
        let up = "../".repeat(2 + file.matches('/').count());
        let fresh = aside(&link);
        symlink(format!("{up}blobs/{tag}"), &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .with_context(told)
    }

    /// Held while a blob is fetched, by us or by the hub's own tools.
    pub fn lock(&self, tag: &str) -> Result<File> {
        let path = self.locks.join(format!("{tag}.lock"));
        let told = || format!("the cache's lock {}", path.display());
        make_folder(&path)?;
        let file = File::create(&path).with_context(told)?;
        file.lock().with_context(told)?;
        Ok(file)
    }

    fn note(&self, commit: &str) -> PathBuf {
        self.folder.join(".clip-lab").join(format!("{commit}.json"))
    }
}

/// Makes the folder that `path` will lie in.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("the cache's folder {}", folder.display()))
}

/// A name beside `path` that nobody else takes.
fn aside(path: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{next}.new", std::process::id()))
}

/// Writes a file that is there whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    make_folder(path)?;
    let told = || format!("the cache's file {}", path.display());
    let fresh = aside(path);
    fs::write(&fresh, bytes).with_context(told)?;
    fs::rename(&fresh, path).with_context(told)
}
