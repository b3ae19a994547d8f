//! Optimizers whose state can be saved, so that a resumed run is bit-exact.

mod adamw;
mod sgd;
mod slots;

use clip_lab_plugin_api::Catalog;

/// Registers the optimizers.
pub fn register(catalog: &mut Catalog) {
    catalog.optimizer.add::<adamw::AdamW>("adamw");
    catalog.optimizer.add::<sgd::Sgd>("sgd");
}
