//! clip-lab: a research platform for contrastive image-text learning.
//!
//! `spec` parses an experiment file, `plan` checks it against the plugin catalog, `input` reads the data, `model` builds the
//! towers, `train` trains them, and `commands` has the subcommands. Without the feature `core` this crate is empty: the
//! viewer, `clip-lab`, does not link libtorch.
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

pub use clip_lab_input as input;
pub use clip_lab_model as model;
pub use clip_lab_plan as plan;
pub use clip_lab_spec as spec;
pub use clip_lab_train as train;
pub use console::Console;
pub use entry::main_with;
