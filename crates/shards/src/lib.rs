//! Tar shards of pictures and captions in the layout of webdataset: where they lie, what is in them, how they are
//! fetched, cached and written.
//!
//! A shard is read through once, for an index: key, place in the file, captions and class of every sample. From then
//! on pictures are read by offset, so that any order costs the same on a local disk, and one seed gives one order.
//! The index of 10,000 samples takes about 2 MB beside the shard's 0.5 to 1 GB.

mod brace;
mod fetch;
mod index;
mod place;
mod shards;
mod write;

pub use brace::expand;
pub use clip_lab_fetch::Patience;
pub use fetch::Cache;
pub use index::{Fault, Index, Lack, Sample, scan};
pub use place::{Place, places};
pub use shards::Shards;
pub use write::{NewSample, Writer};
