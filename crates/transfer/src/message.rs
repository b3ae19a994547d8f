//! What the two sides of a pipe say to each other: one reply to each request.

use clip_lab_store::{Begun, Chunk, ProbeKey, ProbeRecord, RankKey, RankSet, RunHead, Thumbnail};
use serde::{Deserialize, Serialize};

use crate::{FileEntry, Listed, Opened};

/// The version of the protocol. Both sides must have the same.
pub const VERSION: u32 = 1;

/// The first frame of both sides.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the protocol.
    pub protocol: u32,
    /// The version of clip-lab, for messages.
    pub program: String,
}

impl Hello {
    /// The greeting of this program.
    pub fn here() -> Hello {
        Hello { protocol: VERSION, program: env!("CARGO_PKG_VERSION").into() }
    }
}

/// A request: a method of [`crate::Source`] or [`crate::Target`]. The bytes of a file are the body of the frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    List(String),
    Files(String),
    Head(String, i64),
    LogCalls(String, i64, i64),
    Ranks(String, Vec<RankKey>),
    Probes(String, Vec<ProbeKey>),
    Thumbnails(Vec<String>),
    Digest(String, String),
    Read(String, String, u64),
    States(Vec<String>),
    Open(Box<RunHead>),
    Begin(Box<RunHead>),
    Append(Chunk),
    AddRanks(Vec<RankSet>),
    AddProbes(Vec<ProbeRecord>),
    MissingThumbnails(Vec<String>),
    AddThumbnails(Vec<Thumbnail>),
    StartFile(FileEntry, String),
    Write,
    EndFile,
    Publish,
    Finish(Box<RunHead>),
    Close,
}

/// A reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    Error(String),
    Listed(Vec<Listed>),
    Files(Vec<FileEntry>),
    Head(Option<Box<RunHead>>),
    LogCalls(Chunk),
    Ranks(Vec<RankSet>),
    Probes(Vec<ProbeRecord>),
    Thumbnails(Vec<Thumbnail>),
    Digest(String, u64),
    Bytes,
    Opened(Opened),
    Begun(Begun),
    Names(Vec<String>),
    Started(Option<u64>),
    Is(bool),
    Done,
}
