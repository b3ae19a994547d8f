//! clip-lab: a research platform for contrastive image-text learning.
//!
//! `spec` reads an experiment's file, `plan` checks it against the catalog of plugins, and the commands act on it.

pub mod builtin;
pub mod commands;
pub mod data;
mod entry;
pub mod plan;
pub mod preflight;
pub mod search;
pub mod train;

pub use clip_lab_spec as spec;
pub use entry::main_with;
