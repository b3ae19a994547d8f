//! What the verbs do, one file each.

pub mod check;
pub mod embed;
pub mod eval;
mod model;
mod overfit;
pub mod plugins;
pub mod run;
pub mod study;
