//! clip-lab: a research platform for contrastive image-text learning.
//!
//! `spec` reads an experiment's file, `plan` checks it against the catalog of plugins, and the commands act on it.

pub mod plan;
pub mod spec;
