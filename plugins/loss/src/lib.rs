//! Contrastive losses.

mod clip;
mod scale;
mod siglip;

use clip_lab_api::Catalog;

/// Puts the losses on their shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.loss.add::<clip::Clip>("clip");
    catalog.loss.add::<siglip::SigLip>("siglip");
}
