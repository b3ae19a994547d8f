//! Training tricks: what happens around an update.

mod clip_grad;
mod freeze;

use clip_lab_api::Catalog;

/// Puts the tricks on their shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.trick.add::<freeze::Freeze>("freeze");
    catalog.trick.add::<clip_grad::ClipGrad>("clip_grad");
}
