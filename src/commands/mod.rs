//! The commands, one file each.

pub mod check;
mod checked;
mod class_names;
pub mod data;
mod device;
pub mod embed;
mod embedder;
pub mod eval;
mod eval_data;
mod image_folder;
pub mod model;
pub mod new;
mod overfit;
pub mod plugins;
pub mod probe;
mod processes;
pub mod prompts;
pub mod run;
pub mod search;
mod sources;
mod spec_weights;
pub mod study;
mod target;
mod templates;
