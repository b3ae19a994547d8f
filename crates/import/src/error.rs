//! Errors of an import.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a path could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing that can be imported was found.
    #[error("{path} has no runs to import: looked for {looked_for}")]
    Unrecognised {
        /// The file or folder.
        path: PathBuf,
        /// What would have been recognised.
        looked_for: &'static str,
    },
    /// A file could not be read.
    #[error("{path} cannot be read: {cause}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The I/O error.
        cause: io::Error,
    },
    /// A file is not of its format, or lacks something.
    #[error("{path}: {why}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
}

impl ImportError {
    /// Adds the path to an I/O error.
    pub(crate) fn read(path: &Path) -> impl Fn(io::Error) -> ImportError + '_ {
        move |cause| ImportError::Read { path: path.into(), cause }
    }

    /// A file that is not valid.
    pub(crate) fn invalid(path: &Path, why: impl Into<String>) -> ImportError {
        ImportError::Invalid { path: path.into(), why: why.into() }
    }
}
