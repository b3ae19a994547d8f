//! Mirror images.

use clip_lab_api::prelude::*;
use image::{RgbImage, imageops};
use rand::Rng as _;

/// Mirrors an image left to right now and then. Leave it out where captions say left and right.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Flip {
    /// How often, from 0 (never) to 1 (always).
    pub probability: f64,
}

impl Default for Flip {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

impl Settings for Flip {
    fn check(&self, faults: &mut Faults) {
        let within = (0.0..=1.0).contains(&self.probability);
        faults.require(within, "probability", "a probability lies between 0 and 1");
    }
}

impl Plugin<dyn Augment> for Flip {
    fn facts(&self) -> AugmentFacts {
        AugmentFacts { random: self.probability > 0.0 && self.probability < 1.0, ..AugmentFacts::default() }
    }

    fn build(&self, _scope: AugmentScope) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for Flip {
    fn apply(&self, mut picture: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        if rng.random_bool(self.probability) {
            imageops::flip_horizontal_in_place(&mut picture);
        }
        Ok(picture)
    }
}
