//! Augmentations of images and of batches.

mod color_jitter;
mod cutmix;
mod flip;
mod mixing;
mod mixup;
mod rand_augment;
mod random_erasing;
mod random_resized_crop;
mod resize;

use clip_lab_plugin_api::Catalog;

pub use color_jitter::ColorJitter;
pub use cutmix::CutMix;
pub use flip::Flip;
pub use mixup::Mixup;
pub use rand_augment::{Op, RandAugment};
pub use random_erasing::{Filling, RandomErasing};
pub use random_resized_crop::{Decode, RandomResizedCrop};
pub use resize::ResizeSettings;

/// Registers the augmentations.
pub fn register(catalog: &mut Catalog) {
    catalog.augment.add::<ResizeSettings>("resize");
    catalog.augment.add::<RandomResizedCrop>("random_resized_crop");
    catalog.augment.add::<Flip>("flip");
    catalog.augment.add::<ColorJitter>("color_jitter");
    catalog.augment.add::<RandAugment>("rand_augment");
    catalog.augment.add::<RandomErasing>("random_erasing");
    catalog.augment.add::<Mixup>("mixup");
    catalog.augment.add::<CutMix>("cutmix");
}
