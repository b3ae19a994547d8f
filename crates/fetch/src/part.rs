//! A file that is being fetched.

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use rustix::fs::statvfs;
use serde::{Deserialize, Serialize};

/// Bytes of the longest file that is fetched: more than anybody publishes as one file.
const LONGEST: u64 = 1 << 40;

/// What the server says of the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// Bytes.
    pub length: u64,
    /// Changes when the file does.
    pub tag: String,
}

/// The beginning of a file, and beside it what the whole is: a part of one file is never gone on with from another.
pub struct Part {
    pub(crate) file: File,
    pub(crate) length: u64,
    pub(crate) whole: Option<Whole>,
    note: PathBuf,
}

impl Part {
    /// Opens what is there of it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(path: &Path) -> Result<Self> {
        let told = || format!("the cache's file {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(told)?;
        let note = path.with_extension("whole");
        let whole: Option<Whole> = fs::read(&note).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let mut length = file.metadata().with_context(told)?.len();
        // Of unknown origin, or more than there should be: not to be gone on with.
        if whole.as_ref().is_none_or(|whole| whole.length < length) {
            file.set_len(0).with_context(told)?;
            length = 0;
        }
        file.seek(SeekFrom::Start(length)).with_context(told)?;
        Ok(Self { file, length, whole, note })
    }

    /// How many bytes are there.
    pub fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole.as_ref().is_some_and(|whole| whole.length == self.length)
    }

    /// Notes what the whole will be. Nothing is reserved for it.
    ///
    /// # Errors
    /// Those of the disk, which must have room for it.
    pub(crate) fn expect(&mut self, whole: Whole) -> Result<()> {
        let missing = whole.length.saturating_sub(self.length);
        ensure!(
            whole.length <= LONGEST,
            "the server says that it has {}, which no file has that is fetched",
            size(whole.length)
        );
        if let Some(free) = free(&self.note).filter(|free| *free < missing) {
            let folder = self.note.parent().unwrap_or(&self.note).display();
            anyhow::bail!(
                "{} of it are missing, and the disk of {folder} has room for {}: free some, or keep caches elsewhere",
                size(missing),
                size(free)
            );
        }
        if self.whole.as_ref() != Some(&whole) {
            fs::write(&self.note, serde_json::to_vec(&whole)?)
                .with_context(|| format!("the cache's file {}", self.note.display()))?;
            self.whole = Some(whole);
        }
        Ok(())
    }

    /// What the server says of the whole, once it was asked.
    pub fn whole(&self) -> Option<&Whole> {
        self.whole.as_ref()
    }

    /// What is there, from its start; to be read to its end.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn reader(&mut self) -> Result<&File> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok(&self.file)
    }

    /// Throws away what is there.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn restart(&mut self) -> Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.length, self.whole) = (0, None);
        Ok(())
    }

    /// Takes its final name. The file itself is given, from its start: under the name it may be evicted at once by
    /// whoever fetches another.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(mut self, from: &Path, to: &Path) -> Result<File> {
        let told = || format!("the cache's file {}", to.display());
        // What is found under its name after a power cut is all there.
        self.file.sync_all().with_context(told)?;
        fs::rename(from, to).with_context(told)?;
        drop(fs::remove_file(&self.note));
        self.file.seek(SeekFrom::Start(0)).with_context(told)?;
        Ok(self.file)
    }
}

/// Bytes that a user may still write where `file` lies; none where the system does not say.
fn free(file: &Path) -> Option<u64> {
    let about = statvfs(file.parent().filter(|folder| !folder.as_os_str().is_empty())?).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

/// `1.20 GB`, in powers of ten as disks are sold.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e15 => format!("{:.2} PB", b / 1e15),
        b if b >= 1e12 => format!("{:.2} TB", b / 1e12),
        b if b >= 1e9 => format!("{:.2} GB", b / 1e9),
        b => format!("{:.1} MB", b / 1e6),
    }
}
