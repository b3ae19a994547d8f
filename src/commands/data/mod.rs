//! `clip-lab data`: inspects and packs data sets.

mod inspect;
mod pack;

use anyhow::Result;
use clip_lab_cli::DataCommand;
use clip_lab_plugin_api::Catalog;

/// Runs a subcommand.
pub fn data(command: &DataCommand, catalog: &Catalog) -> Result<()> {
    match command {
        DataCommand::Inspect(args) => inspect::inspect(args, catalog),
        DataCommand::Pack(args) => pack::pack(args, catalog),
    }
}
