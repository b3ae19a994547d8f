//! `clip-lab data`: inspects and packs data sets.

mod inspect;
mod pack;

use anyhow::Result;
use clip_lab_cli::DataVerb;
use clip_lab_plugin_api::Catalog;

/// Runs a subcommand.
pub fn data(verb: &DataVerb, catalog: &Catalog) -> Result<()> {
    match verb {
        DataVerb::Inspect(args) => inspect::inspect(args, catalog),
        DataVerb::Pack(args) => pack::pack(args, catalog),
    }
}
