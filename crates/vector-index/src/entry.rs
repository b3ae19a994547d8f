//! Entries of an index.

use serde::{Deserialize, Serialize};

/// Identifies an image and its version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Its file relative to the gallery's folder, or its name in the data set.
    pub name: String,
    /// For a file, its size in bytes and modification time in nanoseconds since 1970; for an image of a data set, whose
    /// fingerprint is part of the index's key, its position and 0.
    pub mark: [u64; 2],
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The image.
    pub stamp: Stamp,
    /// Why it is unreadable and has no row.
    pub unreadable: Option<String>,
}

/// The serialised form of an entry.
type Line = (String, [u64; 2], Option<String>);

impl Entry {
    /// Serialises the entry as one line.
    pub(crate) fn line(&self) -> serde_json::Result<String> {
        let Stamp { name, mark } = &self.stamp;
        Ok(serde_json::to_string(&(name, mark, &self.unreadable))? + "\n")
    }

    /// Parses a line.
    pub(crate) fn read(line: &str) -> serde_json::Result<Self> {
        let (name, mark, unreadable): Line = serde_json::from_str(line)?;
        Ok(Self { stamp: Stamp { name, mark }, unreadable })
    }
}
