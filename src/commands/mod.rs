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
pub mod run;
pub mod search;
pub mod study;
mod target;
