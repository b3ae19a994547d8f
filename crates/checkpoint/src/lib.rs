//! Weights on disk: safetensors, and the layouts of other tools.
//!
//! `from = "..."` in a spec names a checkpoint: [`open`] finds it, reads its configuration and headers, and maps its
//! parts to plugins and settings. [`Weights::load`] then loads a part's variables. Pickles are never read.
//!
//! A layout is one file in `layouts/`: it maps the configuration to settings, and our tensor names to the tool's.

mod catalog;
mod checkpoint;
pub mod export;
mod hub;
mod import;
mod json;
mod layouts;
mod positions;
mod preprocess;
mod rename;
mod source;
mod weights;

pub use checkpoint::{Checkpoint, open};
pub use clip_lab_plugin_api::cache_dir;
pub use import::{Classifier, Import};
pub use preprocess::Preprocess;
pub use source::{TensorFile, digest, for_each_piece, save};
pub use weights::{Summary, Weights};
