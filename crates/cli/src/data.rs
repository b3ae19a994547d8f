//! `clip-lab data`.

use clap::Subcommand;

pub use inspect::InspectArgs;
pub use pack::{PackArgs, PackFormat};

mod inspect;
mod pack;

/// `clip-lab data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Inspect a data set: counts, sizes, unreadable files, duplicates, caption lengths, contact sheet
    Inspect(InspectArgs),
    /// Pack a data set into WebDataset tar shards
    ///
    /// Each split becomes shards `train-000000.tar`, `val-000000.tar`, ... of samples `KEY.jpg`, `KEY.txt` (the first
    /// caption), `KEY.json` (all captions and the file name) and `KEY.cls`. Images that need no resizing are copied
    /// byte for byte. A shard is renamed to its final name once complete: after an interruption, the same command
    /// continues after the last one.
    Pack(PackArgs),
}
