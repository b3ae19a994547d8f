//! Augmentations of images, before and after they become numbers, alone and mixed with each other.

use anyhow::Result;
use clip_lab_picture::Crop;
use image::RgbImage;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use crate::Kind;

/// The source of all randomness in the data path.
pub type Rng = ChaCha8Rng;

/// The generator of one item: it depends on the seed, the epoch and the item's index and on nothing else, so the
/// order in which threads come to it never matters.
pub fn rng(seed: u64, epoch: u64, index: u64) -> Rng {
    let mut key = [0; 32];
    for (slot, value) in key.chunks_exact_mut(8).zip([seed, epoch, index, 0x636c_6970]) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// Changes images; all randomness comes from `rng`. It writes the one hook that it needs.
pub trait Augment: Send + Sync {
    /// The square that it makes of an image of `width` x `height` pixels, for augmentations that cut and resize. Where
    /// such a one is the first, the rest of the image is not even decoded, and `apply` is not called.
    fn crop(&self, _width: u32, _height: u32, _rng: &mut Rng) -> Option<Crop> {
        None
    }
    /// The image after it.
    ///
    /// # Errors
    /// When the image cannot be handled.
    fn apply(&self, picture: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        match self.crop(picture.width(), picture.height(), rng) {
            Some(crop) => crop.apply(picture),
            None => Ok(picture),
        }
    }
    /// Changes the numbers of one image after normalisation: `3 * side * side` of them, channel by channel.
    fn after_normalise(&self, _pixels: &mut [f32], _side: usize, _rng: &mut Rng) {}
    /// Mixes the images of a batch, `[B, 3, H, W]`, and with them their targets, `[B, C]`, whose rows sum to one.
    /// None where nothing is mixed.
    ///
    /// # Errors
    /// Those of libtorch.
    fn mix(&self, _images: &Tensor, _targets: &Tensor, _rng: &mut Rng) -> Result<Option<(Tensor, Tensor)>> {
        Ok(None)
    }
}

/// What an augmentation's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct AugmentFacts {
    /// Whether it draws random numbers: such an image is another one in every epoch, so features are not cached.
    pub random: bool,
    /// Whether it mixes images with their classes, which only classification can use.
    pub mixes: bool,
}

/// Where an augmentation is built.
#[derive(Debug, Clone, Copy)]
pub struct AugmentScope {
    /// Side of the square images that the image encoder wants, in pixels.
    pub image_size: u32,
}

impl Kind for dyn Augment {
    const NAME: &'static str = "augmentation";
    type Facts = AugmentFacts;
    type Scope<'a> = AugmentScope;
}
