//! Projection heads: from a tower's features to the space that both towers share.

mod identity;
mod layer;
mod linear;
mod mlp;
mod residual;

use clip_lab_api::Catalog;

/// Puts the projections on their shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.projection.add::<linear::Linear>("linear");
    catalog.projection.add::<mlp::Mlp>("mlp");
    catalog.projection.add::<residual::Residual>("residual");
    catalog.projection.add::<identity::Identity>("identity");
}
