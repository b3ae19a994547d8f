//! The index of a shard.

mod cache;
mod group;
mod members;
mod parse;

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

pub(crate) use cache::IndexCache;

/// An image with its captions and class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Name of its files up to the first dot.
    pub key: String,
    /// File extension of the image, such as `jpg`.
    pub ending: String,
    /// Offset of the image in the shard.
    pub offset: u64,
    /// Size of the image, bytes.
    pub length: u64,
    /// The captions, trimmed and not empty.
    pub captions: Vec<String>,
    /// The class in `.cls`: a number or a name.
    pub class: Option<String>,
}

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FaultKind {
    /// No image file.
    Image,
    /// Neither a caption nor a class.
    Caption,
    /// Its `.json` is invalid or truncated.
    Json,
    /// A file with the same name came before; the first is used.
    Duplicate,
    /// Text that is not UTF-8, read as Latin-1.
    Encoding,
    /// Text of more than 16 MiB, or beyond 1 GiB of all texts: not read.
    Length,
    /// An image of more than 256 MiB: not read.
    Size,
}

/// A fault of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its key.
    pub key: String,
    /// The kind of fault.
    #[serde(rename = "lack")]
    pub kind: FaultKind,
    /// Whether the sample is skipped for it.
    pub lost: bool,
}

/// The index of a shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The samples, in shard order.
    pub samples: Vec<Sample>,
    /// The faults of samples.
    pub faults: Vec<Fault>,
    /// How the shard is truncated, if it is; the samples before that are used.
    pub cut: Option<String>,
    /// Size of the shard, bytes.
    pub length: u64,
    /// Identifies the version of the shard.
    pub stamp: String,
}

/// Scans a shard of `length` bytes: headers and text files. Captions are the value of `caption` in `.json`, a string or a
/// list of strings, else the `.txt`. Never fails: the index reports unreadable parts.
pub fn scan(reader: impl Read + Seek, length: u64, caption: &str) -> Index {
    let found = members::members(reader, length);
    let (samples, faults) = group::group(found.members, caption);
    Index { samples, faults, cut: found.cut, length, stamp: String::new() }
}
