//! Confines paths to a folder.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, ErrorKind},
    path::{Component, Path, PathBuf},
};

use crate::{open_regular, read_capped};

/// A folder that paths from untrusted files must not leave, whether by `..`, absolute paths or symbolic links.
///
/// A snapshot in the Hugging Face cache may link to its own blobs.
///
/// This protects against the contents of a downloaded folder, not against a process that swaps its files meanwhile.
#[derive(Debug, Clone)]
pub struct Root {
    given: PathBuf,
    real: PathBuf,
    blobs: Option<PathBuf>,
    outside: bool,
}

impl Root {
    /// The folder `folder`, or if that is a file, its parent.
    ///
    /// # Errors
    /// If it does not exist or cannot be read.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let given = if folder.is_dir() { folder } else { parent(folder) };
        let real = given.canonicalize()?;
        let blobs = blobs(&real);
        Ok(Self { given: given.to_owned(), real, blobs, outside: false })
    }

    /// Allows paths outside of the folder: for a user's setting, never for untrusted input.
    #[must_use]
    pub fn allow_outside(mut self, allowed: bool) -> Self {
        self.outside = allowed;
        self
    }

    /// The same bounds, for paths relative to a folder below this one.
    pub fn at(&self, folder: &Path) -> io::Result<Self> {
        Ok(Self { given: self.below(folder)?, ..self.clone() })
    }

    /// The base of relative paths, as given.
    pub fn path(&self) -> &Path {
        &self.given
    }

    /// Resolves `named`, a file or folder, relative or absolute.
    ///
    /// # Errors
    /// If it is outside of the folder (see [`Root::is_outside`]), or does not exist.
    pub fn below(&self, named: &Path) -> io::Result<PathBuf> {
        let path = self.given.join(named);
        if self.outside {
            return Ok(path);
        }
        match path.canonicalize() {
            Ok(real) if self.contains(&real) => Ok(path),
            Ok(real) => Err(self.outside(&real)),
            // A missing file outside is rejected like an existing one, so that errors do not reveal what exists.
            Err(_) if !self.contains_by_name(&path) => Err(self.outside(&path)),
            Err(error) => Err(error),
        }
    }

    /// Opens a regular file below the folder, see [`open_regular`].
    ///
    /// # Errors
    /// As [`Root::below`] and [`open_regular`].
    pub fn open(&self, named: &Path) -> io::Result<File> {
        open_regular(&self.below(named)?)
    }

    /// Reads a regular file below the folder, see [`read_capped`].
    ///
    /// # Errors
    /// As [`Root::below`] and [`read_capped`].
    pub fn read_capped(&self, named: &Path, limit: u64) -> io::Result<Vec<u8>> {
        read_capped(&self.below(named)?, limit)
    }

    /// Whether an error of [`Root::below`] means that a path is outside of the folder.
    pub fn is_outside(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Outside>())
    }

    fn contains(&self, real: &Path) -> bool {
        real.starts_with(&self.real) || self.blobs.as_ref().is_some_and(|blobs| real.starts_with(blobs))
    }

    /// Whether a path that does not exist stays below the folder, by its name.
    fn contains_by_name(&self, path: &Path) -> bool {
        let Ok(path) = std::path::absolute(path) else { return false };
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                part => plain.push(part),
            }
        }
        // Resolve its longest existing ancestor: it may contain links, and so may the path of the folder.
        let real = plain.ancestors().find_map(|folder| folder.canonicalize().ok());
        real.is_some_and(|real| self.contains(&real))
    }

    fn outside(&self, path: &Path) -> io::Error {
        let text = format!("{} is outside of {}", path.display(), self.real.display());
        io::Error::new(ErrorKind::PermissionDenied, Outside(text))
    }
}

/// The parent of a file; `.` for a bare name.
fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => file,
    }
}

/// The blobs of a snapshot in the Hugging Face cache: `blobs` next to `snapshots`, if that is not a link.
fn blobs(real: &Path) -> Option<PathBuf> {
    let snapshots = real.ancestors().find(|folder| folder.file_name() == Some(OsStr::new("snapshots")))?;
    let blobs = snapshots.parent()?.join("blobs");
    (real != snapshots && blobs.canonicalize().ok()? == blobs).then_some(blobs)
}

#[derive(Debug)]
struct Outside(String);

impl std::fmt::Display for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Outside {}
