//! Embeddings of pictures: kept in a file, brought up to date, searched. Knows no tensors.
//!
//! ```text
//! files now --Update::between--> which rows are kept, which pictures are to be embedded, what vanished
//!                 rows + fresh --write--> FILE (aside, synced, renamed) --Index::read--> memory-mapped rows
//!                                                                          nearest: exact, with all cores
//!                                                                          Approximate: a graph beside it
//! ```
//!
//! # The file
//! A safetensors file, so that any tool reads it (`safetensors.numpy.load_file`), its length is checked before anything
//! is believed, and its rows can be mapped instead of read: a gallery may be larger than memory.
//!
//! | tensor | is |
//! |---|---|
//! | `embeddings` | F32 `[N, D]`, rows of unit length in the order of the good lines of `files` |
//! | `files` | U8: a JSON array a line, `["name", [size, changed], why]`; `why` is null, or why there is no row |
//!
//! Metadata: `format` is [`FORMAT`], `model` the key of weights and preprocessing, `files_blake3` a digest of `files`.
//! The list is a tensor because 100 MB is the most that a safetensors header may have, too few for a million names.

mod approximate;
mod entry;
mod exact;
mod file;
mod graph;
mod update;

pub use approximate::{Approximate, Recall, share};
pub use entry::{Entry, Stamp};
pub use exact::{Near, dot};
pub use file::{FORMAT, Index, Row, write};
pub use graph::Expansion;
pub use update::{Fresh, Update};
