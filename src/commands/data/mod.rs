//! `clip-lab data`: what can be done with data sets.

mod inspect;
mod pack;

use anyhow::Result;
use clip_lab_api::Catalog;
use clip_lab_cli::DataVerb;

/// Carries out a verb.
///
/// # Errors
/// Those of the verb.
pub fn data(verb: &DataVerb, catalog: &Catalog) -> Result<()> {
    match verb {
        DataVerb::Inspect(args) => inspect::inspect(args, catalog),
        DataVerb::Pack(args) => pack::pack(args, catalog),
    }
}
