//! Losses over image-caption pairs and over classes.

mod clip;
mod cross_entropy;
mod multi_positive;
mod scale;
mod siglip;
mod smoothing;
mod tiles;

use clip_lab_plugin_api::Catalog;

/// Registers the losses.
pub fn register(catalog: &mut Catalog) {
    catalog.loss.add::<clip::Clip>("clip");
    catalog.loss.add::<siglip::SigLip>("siglip");
    catalog.loss.add::<multi_positive::MultiPositive>("multi_positive");
    catalog.loss.add::<cross_entropy::CrossEntropy>("cross_entropy");
}
