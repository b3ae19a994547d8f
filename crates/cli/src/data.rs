//! `clip-lab data`.

use clap::Subcommand;

pub use inspect::InspectArgs;
pub use pack::{PackArgs, PackFormat};

mod inspect;
mod pack;

/// What can be done with data sets.
#[derive(Debug, Subcommand)]
pub enum DataVerb {
    /// Look at a data set: counts, sizes, broken files, repetitions, lengths of captions, a contact sheet
    Inspect(InspectArgs),
    /// Write a data set into tar shards, which `webdataset` reads here and elsewhere
    Pack(PackArgs),
}
