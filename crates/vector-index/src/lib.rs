//! An index of image embeddings: storage, incremental updates and search. Independent of libtorch.
//!
//! ```text
//! current files --Update::between--> rows to reuse, images to embed, images removed
//!                 rows + new rows --write--> FILE (temporary, synced, renamed) --Index::read--> memory-mapped rows
//!                                                                          nearest: exact, multi-threaded
//!                                                                          Approximate: an HNSW graph next to it
//! ```
//!
//! # The file
//! A safetensors file: other tools can read it (`safetensors.numpy.load_file`), its length is validated on opening, and
//! its rows can be memory-mapped, so a gallery may exceed memory.
//!
//! | tensor | content |
//! |---|---|
//! | `embeddings` | F32 `[N, D]`, L2-normalised, in the order of the readable images of `files` |
//! | `files` | U8: one JSON array per line, `["name", [size, changed], why]`; `why` is null, or why there is no row |
//!
//! Metadata: `format` is [`FORMAT`], `model` the key of weights and preprocessing, `files_blake3` a digest of `files`.
//! The list is a tensor because a safetensors header is limited to 100 MB, too small for a million names.

mod approximate;
mod entry;
mod exact;
mod file;
mod graph;
mod update;

pub use approximate::{Approximate, Recall, share};
pub use entry::{Entry, Stamp};
pub use exact::{Neighbour, dot};
pub use file::{FORMAT, Index, Row, write};
pub use graph::Expansion;
pub use update::{EmbedResult, Update};
