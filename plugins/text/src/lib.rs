//! Text encoders.

mod bert;
mod clip_transformer;
mod tokens;

use clip_lab_api::Catalog;

pub use bert::{Bert, BertPool};
pub use clip_transformer::{ClipTransformer, TextPool};

/// Adds the text encoders of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.text.add::<Bert>("bert");
    catalog.text.add::<ClipTransformer>("clip_transformer");
}
