//! Training tricks: hooks around an update.

mod clip_grad;
mod ema;
mod freeze;
mod layer_decay;
mod lr_scale;
mod prefix;

use clip_lab_plugin_api::Catalog;

/// Registers the tricks.
pub fn register(catalog: &mut Catalog) {
    catalog.trick.add::<freeze::Freeze>("freeze");
    catalog.trick.add::<clip_grad::ClipGrad>("clip_grad");
    catalog.trick.add::<ema::Ema>("ema");
    catalog.trick.add::<layer_decay::LayerDecay>("layer_decay");
    catalog.trick.add::<lr_scale::LrScale>("lr_scale");
}
