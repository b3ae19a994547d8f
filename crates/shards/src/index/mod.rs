//! What is in a shard.

mod group;
mod kept;
mod members;
mod words;

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

pub(crate) use kept::Kept;

/// A picture with what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// What its files are called up to the first dot.
    pub key: String,
    /// The ending of the picture: `jpg`.
    pub ending: String,
    /// Where the picture begins in the shard.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
    /// Trimmed, none of them empty.
    pub captions: Vec<String>,
    /// What `.cls` says: a number or a name.
    pub class: Option<String>,
}

/// What is wrong with a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lack {
    /// No file with the ending of a picture.
    Picture,
    /// Neither a caption nor a class.
    Caption,
    /// Its `.json` is none, or was cut short.
    Json,
    /// A file of this name came before; the first is used.
    Duplicate,
    /// Text that is not UTF-8, read as Latin-1.
    Encoding,
    /// Text of more than 16 MiB, or beyond 1 GiB of all texts, which is not read.
    Length,
    /// A picture of more than 256 MiB, which is not read.
    Size,
}

/// A sample that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its key.
    pub key: String,
    /// What is wrong.
    pub lack: Lack,
    /// Whether it is left out for that.
    pub lost: bool,
}

/// What is in a shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// In the order of the shard.
    pub samples: Vec<Sample>,
    /// What is wrong with some.
    pub faults: Vec<Fault>,
    /// How the shard ends too early, if it does; what came before is used.
    pub cut: Option<String>,
    /// Bytes of the shard.
    pub length: u64,
    /// What tells this state of the shard from another.
    pub stamp: String,
}

/// Reads a shard of `length` bytes through: headers, and what is text. Captions are what its `.json` says under
/// `caption` (a text or a list of texts), else its `.txt`. Never fails: what cannot be read is told in the index.
pub fn scan(reader: impl Read + Seek, length: u64, caption: &str) -> Index {
    let found = members::members(reader, length);
    let (samples, faults) = group::group(found.members, caption);
    Index { samples, faults, cut: found.cut, length, stamp: String::new() }
}
