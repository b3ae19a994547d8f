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
use clip_lab_cli::ModelCommand;
use clip_lab_plugin_api::Catalog;

/// Runs a subcommand.
///
/// # Errors
/// If a model cannot be read or written.
pub fn model(command: &ModelCommand, store: &Path, catalog: &Catalog) -> Result<()> {
    match command {
        ModelCommand::Show(args) => show::show(args, store, catalog),
        ModelCommand::Export(args) => export::export(args, store, catalog),
    }
}
