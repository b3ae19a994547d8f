//! What a copy needs of the store that it reads, and of the one that it writes.

use anyhow::Result;
use clip_lab_store::{
    Begun, Chunk, ProbeKey, ProbeRecord, RankKey, RankSet, Relation, RunHead, RunState, Thumbnail,
};
use serde::{Deserialize, Serialize};

/// A run of a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its state.
    pub state: RunState,
    /// Its files.
    pub files: Vec<FileEntry>,
    /// Whether `spec.toml` is left out because it has secrets that the store does not have.
    pub secret_spec: bool,
}

/// A file in the folder of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the folder, with `/`.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was modified, nanoseconds since 1970.
    pub modified_ns: i64,
    /// Whether only its owner can read it.
    pub private: bool,
}

/// Whether a run can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opened {
    /// Its folder is locked for this copy. How the source relates to the target, and the log calls in the target.
    Ready(Relation, i64),
    /// Another process records it.
    Busy(String),
}

/// A store that runs are read from.
pub trait Source {
    /// The runs that match `filter`, oldest first, with their files.
    fn list(&mut self, filter: &str) -> Result<Vec<Listed>>;
    /// The files of a run.
    fn files(&mut self, uid: &str) -> Result<Vec<FileEntry>>;
    /// A run without its log calls; `logged`: the number of log calls in the target.
    fn head(&mut self, uid: &str, logged: i64) -> Result<Option<RunHead>>;
    /// Log calls `from..`, before `to`; as many as fit into one transaction.
    fn log_calls(&mut self, uid: &str, from: i64, to: i64) -> Result<Chunk>;
    /// The ranks with these keys.
    fn ranks(&mut self, uid: &str, keys: &[RankKey]) -> Result<Vec<RankSet>>;
    /// The probes with these keys.
    fn probes(&mut self, uid: &str, keys: &[ProbeKey]) -> Result<Vec<ProbeRecord>>;
    /// The thumbnails with these digests.
    fn thumbnails(&mut self, digests: &[String]) -> Result<Vec<Thumbnail>>;
    /// The digest (BLAKE3, hexadecimal) and the size of a file.
    fn digest(&mut self, uid: &str, name: &str) -> Result<(String, u64)>;
    /// Bytes of a file from `from` on, at most 1 MiB.
    fn read(&mut self, uid: &str, name: &str, from: u64) -> Result<Vec<u8>>;
}

/// A store that runs are written to. A run is written between [`Target::open`] and [`Target::close`].
pub trait Target {
    /// The states of those of the runs that the store has, with their files.
    fn states(&mut self, uids: &[String]) -> Result<Vec<Listed>>;
    /// Locks the folder of the run, and compares it. Writes nothing else.
    fn open(&mut self, head: &RunHead) -> Result<Opened>;
    /// Inserts the run or prepares it for more log calls.
    fn begin(&mut self, head: &RunHead) -> Result<Begun>;
    /// Adds log calls.
    fn append(&mut self, chunk: &Chunk) -> Result<()>;
    /// Adds ranks.
    fn add_ranks(&mut self, sets: &[RankSet]) -> Result<()>;
    /// Adds probes.
    fn add_probes(&mut self, probes: &[ProbeRecord]) -> Result<()>;
    /// Which of these thumbnails the store lacks.
    fn missing_thumbnails(&mut self, digests: &[String]) -> Result<Vec<String>>;
    /// Adds thumbnails.
    fn add_thumbnails(&mut self, thumbnails: &[Thumbnail]) -> Result<()>;
    /// Starts writing a file with this digest. Returns its size so far, from an interrupted copy; none if the file is in
    /// place with the same content.
    fn start_file(&mut self, file: &FileEntry, digest: &str) -> Result<Option<u64>>;
    /// Appends bytes to that file.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// Ends that file. Returns whether its content matches the digest; if not, it is removed.
    fn end_file(&mut self) -> Result<bool>;
    /// Gives the files that were written their names.
    fn publish(&mut self) -> Result<()>;
    /// Completes the rows. Returns whether they have changed.
    fn finish(&mut self, head: &RunHead) -> Result<bool>;
    /// Unlocks the run.
    fn close(&mut self) -> Result<()>;
}

/// Bytes of a file that are read or written at once.
pub const BLOCK: usize = 1 << 20;
