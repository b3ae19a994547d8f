//! `clip-lab model`: models looked at, and written for other tools.

mod card;
mod export;
mod folder;
mod parts;
mod record;
mod show;
mod torchscript;

use std::path::Path;

use anyhow::Result;
use clip_lab_api::Catalog;
use clip_lab_cli::ModelVerb;

/// Carries out what the arguments say.
///
/// # Errors
/// When a model cannot be read, or not be written.
pub fn model(verb: &ModelVerb, store: &Path, catalog: &Catalog) -> Result<()> {
    match verb {
        ModelVerb::Show(args) => show::show(args, store, catalog),
        ModelVerb::Export(args) => export::export(args, store, catalog),
    }
}
