//! Projection heads: from a tower's features to the shared embedding space.

mod identity;
mod layer;
mod linear;
mod mlp;
mod residual;

use clip_lab_plugin_api::Catalog;

/// Registers the projections.
pub fn register(catalog: &mut Catalog) {
    catalog.projection.add::<linear::Linear>("linear");
    catalog.projection.add::<mlp::Mlp>("mlp");
    catalog.projection.add::<residual::Residual>("residual");
    catalog.projection.add::<identity::Identity>("identity");
}
