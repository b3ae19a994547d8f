//! A partially downloaded file.

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use rustix::fs::statvfs;
use serde::{Deserialize, Serialize};

/// The largest file to download, bytes.
const MAX_LENGTH: u64 = 1 << 40;

/// Size and version of a remote file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Size in bytes.
    pub length: u64,
    /// Changes when the file changes.
    pub tag: String,
}

/// The first bytes of a remote file, and next to it a file with its size and version, so that a part is never resumed from
/// another version.
pub struct Part {
    pub(crate) file: File,
    pub(crate) length: u64,
    pub(crate) info: Option<FileInfo>,
    info_path: PathBuf,
}

impl Part {
    /// Opens or creates a part.
    pub fn open(path: &Path) -> Result<Self> {
        let context = || format!("cache file {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(context)?;
        let info_path = path.with_extension("whole");
        let info: Option<FileInfo> =
            fs::read(&info_path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let mut length = file.metadata().with_context(context)?.len();
        // Of unknown version, or too long: start again.
        if info.as_ref().is_none_or(|info| info.length < length) {
            file.set_len(0).with_context(context)?;
            length = 0;
        }
        file.seek(SeekFrom::Start(length)).with_context(context)?;
        Ok(Self { file, length, info, info_path })
    }

    /// Number of bytes downloaded.
    pub fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.info.as_ref().is_some_and(|info| info.length == self.length)
    }

    /// Saves size and version of the file. Reserves no disk space.
    ///
    /// # Errors
    /// If the file is too large, or the disk has too little space.
    pub(crate) fn expect(&mut self, info: FileInfo) -> Result<()> {
        let missing = info.length.saturating_sub(self.length);
        ensure!(
            info.length <= MAX_LENGTH,
            "the server reports a size of {}, more than the limit of {}",
            size(info.length),
            size(MAX_LENGTH)
        );
        if let Some(free_space) = free_space(&self.info_path).filter(|free_space| *free_space < missing) {
            let folder = self.info_path.parent().unwrap_or(&self.info_path).display();
            anyhow::bail!(
                "{} are left to download, but the disk of {folder} has only {} free: free disk space, or move the cache",
                size(missing),
                size(free_space)
            );
        }
        if self.info.as_ref() != Some(&info) {
            fs::write(&self.info_path, serde_json::to_vec(&info)?)
                .with_context(|| format!("cache file {}", self.info_path.display()))?;
            self.info = Some(info);
        }
        Ok(())
    }

    /// Size and version of the whole file, once known.
    pub fn info(&self) -> Option<&FileInfo> {
        self.info.as_ref()
    }

    /// The part, positioned at its start; read it to its end.
    pub fn reader(&mut self) -> Result<&File> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok(&self.file)
    }

    /// Discards the downloaded bytes.
    pub fn restart(&mut self) -> Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.length, self.info) = (0, None);
        Ok(())
    }

    /// Renames the complete part to its final name. Returns the open file, positioned at its start: another process may
    /// evict the name at once.
    pub fn finish(mut self, from: &Path, to: &Path) -> Result<File> {
        let context = || format!("cache file {}", to.display());
        // Sync first: after a power cut, a file with the final name is complete.
        self.file.sync_all().with_context(context)?;
        fs::rename(from, to).with_context(context)?;
        drop(fs::remove_file(&self.info_path));
        self.file.seek(SeekFrom::Start(0)).with_context(context)?;
        Ok(self.file)
    }
}

/// Free disk space for a user at `file`; none if unknown.
fn free_space(file: &Path) -> Option<u64> {
    let about = statvfs(file.parent().filter(|folder| !folder.as_os_str().is_empty())?).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

/// `1.20 GB`, in powers of ten.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e15 => format!("{:.2} PB", b / 1e15),
        b if b >= 1e12 => format!("{:.2} TB", b / 1e12),
        b if b >= 1e9 => format!("{:.2} GB", b / 1e9),
        b => format!("{:.1} MB", b / 1e6),
    }
}
