//! A few strong changes of an image, drawn at random.

mod affine;
mod change;
mod curve;
mod op;
mod sharpness;
#[cfg(test)]
mod tests;

use clip_lab_api::prelude::*;
use image::RgbImage;
use rand::{Rng as _, seq::IndexedRandom as _};
use rand_distr::{Distribution as _, Normal};

pub use self::op::Op;

/// RandAugment, <https://arxiv.org/abs/1909.13719>, in timm's variant `rand-m9-mstd0.5-inc1`, which the usual
/// fine-tuning recipes take: an image goes through `layers` operations drawn from `ops`, each of them stronger the
/// larger the magnitude. Put it after `random_resized_crop` and `flip`. Every operation gives Pillow's pixels.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandAugment {
    /// Operations for each image, drawn with repetition.
    pub layers: u32,
    /// How strong, from 0 to 10 as timm counts. The paper and torchvision count to 30: their 9 is about 3 here.
    pub magnitude: f64,
    /// The magnitude of each operation is drawn around `magnitude` with this standard deviation, then held within
    /// 0 to 10.
    pub magnitude_std: f64,
    /// How often a drawn operation is applied: 0.5 in timm, 1 in the paper.
    pub probability: f64,
    /// The operations drawn from, all equally likely.
    pub ops: Vec<Op>,
    /// Colour, red, green and blue from 0 to 255, of what comes in from outside of the image.
    pub fill: [u8; 3],
    /// How turned and sheared images are sampled, `bicubic` or `bilinear`. Left out, one of the two is drawn each
    /// time, as timm does.
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
    fn check(&self, faults: &mut Faults) {
        faults.require(
            (0.0..=10.0).contains(&self.magnitude),
            "magnitude",
            "a magnitude lies between 0 and 10",
        );
        let holds = self.magnitude_std.is_finite() && self.magnitude_std >= 0.0;
        faults.require(holds, "magnitude_std", "a standard deviation is 0 or more");
        let within = (0.0..=1.0).contains(&self.probability);
        faults.require(within, "probability", "a probability lies between 0 and 1");
        faults.require(!self.ops.is_empty(), "ops", "names no operation; leave it out for all of them");
    }
}

impl Plugin<dyn Augment> for RandAugment {
    fn facts(&self) -> AugmentFacts {
        AugmentFacts { random: self.layers > 0 && self.probability > 0.0, ..AugmentFacts::default() }
    }

    fn build(&self, _scope: AugmentScope) -> Result<Box<dyn Augment>> {
        let magnitude = Normal::new(self.magnitude, self.magnitude_std)?;
        Ok(Box::new(Layers { settings: self.clone(), magnitude }))
    }
}

struct Layers {
    settings: RandAugment,
    magnitude: Normal<f64>,
}

impl Augment for Layers {
    fn apply(&self, mut picture: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        for _ in 0..self.settings.layers {
            let Some(op) = self.settings.ops.choose(rng) else { break };
            if !rng.random_bool(self.settings.probability) {
                continue;
            }
            let level = self.magnitude.sample(rng).clamp(0.0, 10.0) / 10.0;
            let change = op.at(level, rng.random_bool(0.5));
            let any = [Interpolation::Bilinear, Interpolation::Bicubic][rng.random_range(0..2)];
            let interpolation = self.settings.interpolation.unwrap_or(any);
            picture = change.apply(picture, self.settings.fill, interpolation);
        }
        Ok(picture)
    }
}
