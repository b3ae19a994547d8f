//! Picture augmentations, and the picture geometry that evaluation shares with them.

mod color_jitter;
mod flip;
pub mod geometry;
mod random_resized_crop;
mod resize;

use clip_lab_api::Catalog;

pub use color_jitter::ColorJitter;
pub use flip::Flip;
pub use geometry::preprocess;
pub use random_resized_crop::RandomResizedCrop;
pub use resize::ResizeSettings;

/// Puts the augmentations on the shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.augment.add::<ResizeSettings>("resize");
    catalog.augment.add::<RandomResizedCrop>("random_resized_crop");
    catalog.augment.add::<Flip>("flip");
    catalog.augment.add::<ColorJitter>("color_jitter");
}
