//! What the verbs do, one file each.

pub mod check;
pub mod data;
pub mod embed;
pub mod eval;
mod folder;
pub mod model;
mod named;
mod overfit;
pub mod plugins;
pub mod probe;
pub mod prompts;
pub mod run;
pub mod search;
mod sources;
pub mod study;
mod subject;
mod target;
mod templates;
mod viewer;
mod words;
