//! Augmentations of images, before and after normalisation, and mixing of batches.

use anyhow::Result;
use clip_lab_image_io::Crop;
use image::RgbImage;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use crate::Kind;

/// The random generator of the data path.
pub type Rng = ChaCha8Rng;

/// The generator of one item. It depends only on the seed, the epoch and the item's index, so the order in which
/// threads process items does not matter.
pub fn rng(seed: u64, epoch: u64, index: u64) -> Rng {
    let mut key = [0; 32];
    for (slot, value) in key.chunks_exact_mut(8).zip([seed, epoch, index, 0x636c_6970]) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// Augments images; all randomness comes from `rng`. Implement the one hook that applies.
pub trait Augment: Send + Sync {
    /// The crop of an image of `width` x `height` pixels, for augmentations that crop and resize. If such an
    /// augmentation comes first, only that part of the image is decoded, and `apply` is not called.
    fn crop(&self, _width: u32, _height: u32, _rng: &mut Rng) -> Option<Crop> {
        None
    }
    /// The augmented image.
    ///
    /// # Errors
    /// If the image cannot be processed.
    fn apply(&self, image: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        match self.crop(image.width(), image.height(), rng) {
            Some(crop) => crop.apply(image),
            None => Ok(image),
        }
    }
    /// The augmentation itself if it modifies normalised values. Images are then normalised on the CPU: a GPU gets floats,
    /// four times as many bytes as it gets otherwise.
    fn after_normalise(&self) -> Option<&dyn AfterNormalise> {
        None
    }
    /// Mixes the images of a batch, `[B, 3, H, W]`, and their targets, `[B, C]`, whose rows sum to one. None if the
    /// batch is not mixed.
    fn mix(&self, _images: &Tensor, _targets: &Tensor, _rng: &mut Rng) -> Result<Option<(Tensor, Tensor)>> {
        Ok(None)
    }
}

/// Augments normalised values.
pub trait AfterNormalise {
    /// Modifies the normalised values of one image: `3 * side * side` of them, channel by channel.
    fn modify(&self, pixels: &mut [f32], side: usize, rng: &mut Rng);
}

/// Properties of an augmentation.
#[derive(Debug, Clone, Default)]
pub struct AugmentProperties {
    /// Whether it uses random numbers: the image then differs in every epoch, so features are not cached.
    pub random: bool,
    /// Whether it mixes images and their targets; for classification only.
    pub mixes: bool,
}

/// Build context of an augmentation.
#[derive(Debug, Clone, Copy)]
pub struct AugmentContext {
    /// Side of the image encoder's square input, in pixels.
    pub image_size: u32,
}

impl Kind for dyn Augment {
    const NAME: &'static str = "augmentation";
    type Properties = AugmentProperties;
    type BuildContext<'a> = AugmentContext;
}
