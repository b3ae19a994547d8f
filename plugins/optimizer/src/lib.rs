//! Optimizers whose state can be saved, so that a stopped run goes on to the bit.

mod adamw;
mod sgd;
mod slots;

use clip_lab_api::Catalog;

/// Puts the optimizers on their shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.optimizer.add::<adamw::AdamW>("adamw");
    catalog.optimizer.add::<sgd::Sgd>("sgd");
}
