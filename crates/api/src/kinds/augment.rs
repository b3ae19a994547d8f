//! Augmentations of pictures.

use anyhow::Result;
use image::RgbImage;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

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

/// Changes a picture.
pub trait Augment: Send + Sync {
    /// The picture after it; all randomness comes from `rng`.
    ///
    /// # Errors
    /// When the picture cannot be handled.
    fn apply(&self, picture: RgbImage, rng: &mut Rng) -> Result<RgbImage>;
}

/// What an augmentation's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct AugmentFacts {
    /// Whether it draws random numbers: such a picture is another one in every epoch, so features are not cached.
    pub random: bool,
}

/// Where an augmentation is built.
#[derive(Debug, Clone, Copy)]
pub struct AugmentScope {
    /// Side of the square pictures that the image encoder wants, in pixels.
    pub image_size: u32,
}

impl Kind for dyn Augment {
    const NAME: &'static str = "augmentation";
    type Facts = AugmentFacts;
    type Scope<'a> = AugmentScope;
}
