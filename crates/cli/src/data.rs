//! `clip-lab data`.

use clap::Subcommand;

pub use pack::{PackArgs, PackFormat};

mod pack;

/// What can be done with data sets.
#[derive(Debug, Subcommand)]
pub enum DataVerb {
    /// Write a data set into tar shards, which `webdataset` reads here and elsewhere
    Pack(PackArgs),
}
