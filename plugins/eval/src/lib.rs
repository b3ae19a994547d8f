//! Evaluators, and the pure functions on tensors behind them.

mod accuracy;
mod classification;
mod rank;
mod retrieval;
mod templates;
mod zero_shot;

pub use accuracy::accuracies;
pub use rank::{ranks, summary};
pub use retrieval::{Found, retrieve};
pub use templates::{Named, Templates};
pub use zero_shot::class_weights;

use clip_lab_api::Catalog;

/// Puts the evaluators on their shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.eval.add::<retrieval::Retrieval>("retrieval");
    catalog.eval.add::<zero_shot::ZeroShot>("zero_shot");
    catalog.eval.add::<classification::Classification>("classification");
}
