//! Horizontal flips.

use clip_lab_plugin_api::prelude::*;
use image::{RgbImage, imageops};
use rand::Rng as _;

/// Flips an image horizontally at random. Leave it out if captions say left and right.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Flip {
    /// Probability of flipping an image.
    pub probability: f64,
}

impl Default for Flip {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

impl Settings for Flip {
    fn check(&self, problems: &mut Problems) {
        let within = (0.0..=1.0).contains(&self.probability);
        problems.require(within, "probability", "must be from 0 to 1");
    }
}

impl Plugin<dyn Augment> for Flip {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties {
            random: self.probability > 0.0 && self.probability < 1.0,
            ..AugmentProperties::default()
        }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for Flip {
    fn apply(&self, mut image: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        if rng.random_bool(self.probability) {
            imageops::flip_horizontal_in_place(&mut image);
        }
        Ok(image)
    }
}
