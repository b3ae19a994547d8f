//! Tokenizers.

mod clip_bpe;
mod huggingface;

use clip_lab_plugin_api::Catalog;

pub use clip_bpe::{ClipBpe, Merges, vocabulary as clip_vocabulary};
pub use huggingface::HuggingFace;

/// Registers the tokenizers.
pub fn register(catalog: &mut Catalog) {
    catalog.tokenizer.add::<ClipBpe>("clip_bpe");
    catalog.tokenizer.add::<HuggingFace>("huggingface");
}
