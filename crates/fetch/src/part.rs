//! A file that is being fetched.

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

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

    /// Notes what the whole will be.
    pub(crate) fn expect(&mut self, whole: Whole) -> Result<()> {
        if self.whole.as_ref() != Some(&whole) {
            fs::write(&self.note, serde_json::to_vec(&whole)?)
                .with_context(|| format!("the cache's file {}", self.note.display()))?;
            self.whole = Some(whole);
        }
        Ok(())
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
        fs::rename(from, to).with_context(told)?;
        drop(fs::remove_file(&self.note));
        self.file.seek(SeekFrom::Start(0)).with_context(told)?;
        Ok(self.file)
    }
}
