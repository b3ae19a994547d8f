//! clip-lab: a research platform for contrastive image-text learning.
//!
//! `spec` reads an experiment's file, `plan` checks it against the catalog of plugins, `input` reads the data, `model` and
//! `train` do the rest, and the commands act on them. Without the feature `core` there is nothing here: the viewer,
//! `clip-lab`, needs no tensors.
#![cfg(feature = "core")]

pub mod builtin;
pub mod commands;
mod console;
mod entry;
pub mod preflight;
pub mod reference;
pub mod search;
mod signals;
mod summary;

pub use clip_lab_input as data;
pub use clip_lab_model as model;
pub use clip_lab_plan as plan;
pub use clip_lab_spec as spec;
pub use clip_lab_train as train;
pub use console::Console;
pub use entry::main_with;
