//! Text encoders.

mod bert;
mod clip_transformer;
mod tokens;
mod torchscript;

use clip_lab_plugin_api::Catalog;

pub use bert::{Bert, BertPool};
pub use clip_transformer::{ClipTransformer, TextPool};
pub use torchscript::TorchScriptText;

/// Registers the text encoders.
pub fn register(catalog: &mut Catalog) {
    catalog.text.add::<Bert>("bert");
    catalog.text.add::<ClipTransformer>("clip_transformer");
    catalog.text.add::<TorchScriptText>("torchscript");
}
