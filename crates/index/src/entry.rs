//! A picture of an index.

use serde::{Deserialize, Serialize};

/// Which picture, and by what a changed one is told from what it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Its file from the gallery's folder on, or what its data set calls it.
    pub name: String,
    /// Of a file its size in bytes and its time of change in nanoseconds since 1970; of a picture in a data set, whose
    /// fingerprint is in the index's key, its number and 0.
    pub mark: [u64; 2],
}

/// A line of the index's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The picture.
    pub stamp: Stamp,
    /// Why it has no row.
    pub broken: Option<String>,
}

/// An entry as it is written.
type Line = (String, [u64; 2], Option<String>);

impl Entry {
    /// The entry as one line.
    pub(crate) fn line(&self) -> serde_json::Result<String> {
        let Stamp { name, mark } = &self.stamp;
        Ok(serde_json::to_string(&(name, mark, &self.broken))? + "\n")
    }

    /// Reads it back.
    pub(crate) fn read(line: &str) -> serde_json::Result<Self> {
        let (name, mark, broken): Line = serde_json::from_str(line)?;
        Ok(Self { stamp: Stamp { name, mark }, broken })
    }
}
