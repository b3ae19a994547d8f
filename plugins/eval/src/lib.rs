//! Evaluators, and the pure functions on tensors behind them.

mod accuracy;
mod classification;
mod ensemble;
mod rank;
mod retrieval;
mod zero_shot;

pub use accuracy::{Classified, labelled, pick};
pub use classification::Classification;
pub use ensemble::{Ensemble, Images, Taken};
pub use rank::{Both, both, ranks, summary};
pub use retrieval::{Found, Retrieval, retrieve};
pub use zero_shot::ZeroShot;

use clip_lab_plugin_api::Catalog;

/// Registers the evaluators.
pub fn register(catalog: &mut Catalog) {
    catalog.eval.add::<retrieval::Retrieval>("retrieval");
    catalog.eval.add::<zero_shot::ZeroShot>("zero_shot");
    catalog.eval.add::<classification::Classification>("classification");
}
