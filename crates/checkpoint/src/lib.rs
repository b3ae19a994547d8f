//! Weights on disk: safetensors, and the layouts of other tools.
//!
//! `from = "..."` in a spec names a checkpoint: [`open`] finds it, reads its configuration and headers, and says in
//! the words of our plugins what it holds. [`Weights::load`] then fills a tower's variables. Nothing is ever
//! unpickled.
//!
//! A layout is one file in `layouts/`: what its configuration says, and a table from our names of tensors to theirs.

mod checkpoint;
pub mod export;
mod hub;
mod json;
mod known;
mod layouts;
mod positions;
mod preprocess;
mod rename;
mod source;
mod weights;

pub use checkpoint::{Checkpoint, Classifier, Import, open};
pub use clip_lab_api::cache_dir;
pub use preprocess::Preprocess;
pub use source::{TensorFile, digest, save};
pub use weights::{Summary, Weights};
