//! `clip-lab model`: shows models and exports them for other tools.

mod card;
mod export;
mod export_folder;
mod parts;
mod run_record;
mod show;
mod torchscript;

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::ModelVerb;
use clip_lab_plugin_api::Catalog;

/// Runs a subcommand.
///
/// # Errors
/// When a model cannot be read or written.
pub fn model(verb: &ModelVerb, store: &Path, catalog: &Catalog) -> Result<()> {
    match verb {
        ModelVerb::Show(args) => show::show(args, store, catalog),
        ModelVerb::Export(args) => export::export(args, store, catalog),
    }
}
