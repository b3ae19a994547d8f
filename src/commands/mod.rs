//! What the verbs do, one file each.

pub mod check;
pub mod embed;
pub mod plugins;
pub mod run;
