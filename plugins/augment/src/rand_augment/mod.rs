//! RandAugment.

mod affine;
mod change;
mod curve;
mod op;
mod sharpness;
#[cfg(test)]
mod tests;

use clip_lab_plugin_api::prelude::*;
use image::RgbImage;
use rand::{Rng as _, seq::IndexedRandom as _};
use rand_distr::{Distribution as _, Normal};

pub use self::op::Op;

/// RandAugment, <https://arxiv.org/abs/1909.13719>, in timm's variant `rand-m9-mstd0.5-inc1`, common in fine-tuning
/// recipes: applies `layers` operations drawn from `ops` to an image; a larger magnitude makes every operation
/// stronger. Put it after `random_resized_crop` and `flip`. Every operation matches Pillow pixel by pixel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandAugment {
    /// Operations per image, drawn with replacement.
    pub layers: u32,
    /// Magnitude from 0 to 10, on timm's scale. The paper and torchvision use 0 to 30: their 9 is about 3 here.
    pub magnitude: f64,
    /// Standard deviation of the magnitude, drawn for each operation around `magnitude` and clamped to 0 to 10.
    pub magnitude_std: f64,
    /// Probability of applying a drawn operation: 0.5 in timm, 1 in the paper.
    pub probability: f64,
    /// The operations to draw from, all equally likely.
    pub ops: Vec<Op>,
    /// Colour (red, green, blue, 0 to 255) of pixels from outside of the image.
    pub fill: [u8; 3],
    /// Interpolation of rotated and sheared images, `bicubic` or `bilinear`. By default one of the two is drawn each
    /// time, as in timm.
    pub interpolation: Option<Interpolation>,
}

impl Default for RandAugment {
    fn default() -> Self {
        Self {
            layers: 2,
            magnitude: 9.0,
            magnitude_std: 0.5,
            probability: 0.5,
            ops: Op::ALL.to_vec(),
            fill: [128; 3],
            interpolation: None,
        }
    }
}

impl Settings for RandAugment {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..=10.0).contains(&self.magnitude), "magnitude", "must be from 0 to 10");
        let holds = self.magnitude_std.is_finite() && self.magnitude_std >= 0.0;
        problems.require(holds, "magnitude_std", "must be at least 0");
        let within = (0.0..=1.0).contains(&self.probability);
        problems.require(within, "probability", "must be from 0 to 1");
        problems.require(!self.ops.is_empty(), "ops", "must not be empty; leave it out for all operations");
    }
}

impl Plugin<dyn Augment> for RandAugment {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties {
            random: self.layers > 0 && self.probability > 0.0,
            ..AugmentProperties::default()
        }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        let magnitude = Normal::new(self.magnitude, self.magnitude_std)?;
        Ok(Box::new(Layers { settings: self.clone(), magnitude }))
    }
}

struct Layers {
    settings: RandAugment,
    magnitude: Normal<f64>,
}

impl Augment for Layers {
    fn apply(&self, mut image: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        for _ in 0..self.settings.layers {
            let Some(op) = self.settings.ops.choose(rng) else { break };
            if !rng.random_bool(self.settings.probability) {
                continue;
            }
            let level = self.magnitude.sample(rng).clamp(0.0, 10.0) / 10.0;
            let change = op.at(level, rng.random_bool(0.5));
            let any = [Interpolation::Bilinear, Interpolation::Bicubic][rng.random_range(0..2)];
            let interpolation = self.settings.interpolation.unwrap_or(any);
            image = change.apply(image, self.settings.fill, interpolation);
        }
        Ok(image)
    }
}
