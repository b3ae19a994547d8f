//! Random colour changes, as in torchvision's `ColorJitter`.

pub(crate) mod change;

use clip_lab_plugin_api::prelude::*;
use image::RgbImage;
use rand::{Rng as _, seq::SliceRandom as _};

use self::change::Change;

/// Changes brightness, contrast, saturation and hue by random amounts, in random order. The defaults are open_clip's.
/// Leave it out if captions name colours.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ColorJitter {
    /// Strength: the factor is drawn from 1 - brightness to 1 + brightness.
    pub brightness: f64,
    /// Strength: the factor is drawn from 1 - contrast to 1 + contrast.
    pub contrast: f64,
    /// Strength: the factor is drawn from 1 - saturation to 1 + saturation.
    pub saturation: f64,
    /// The hue is rotated by an amount drawn from -hue to hue, in circles; at most 0.5.
    pub hue: f64,
    /// Probability of applying it to an image.
    pub probability: f64,
}

impl Default for ColorJitter {
    fn default() -> Self {
        Self { brightness: 0.32, contrast: 0.32, saturation: 0.32, hue: 0.08, probability: 0.8 }
    }
}

impl Settings for ColorJitter {
    fn check(&self, problems: &mut Problems) {
        let strengths =
            [("brightness", self.brightness), ("contrast", self.contrast), ("saturation", self.saturation)];
        for (key, value) in strengths {
            let holds = value >= 0.0 && value.is_finite();
            problems.require(holds, key, "must be at least 0 (no change)");
        }
        problems.require((0.0..=0.5).contains(&self.hue), "hue", "must be from 0 to 0.5");
        let within = (0.0..=1.0).contains(&self.probability);
        problems.require(within, "probability", "must be from 0 to 1");
    }
}

impl Plugin<dyn Augment> for ColorJitter {
    fn properties(&self) -> AugmentProperties {
        let strength = self.brightness + self.contrast + self.saturation + self.hue;
        AugmentProperties { random: self.probability > 0.0 && strength > 0.0, ..AugmentProperties::default() }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for ColorJitter {
    fn apply(&self, mut image: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        if !rng.random_bool(self.probability) {
            return Ok(image);
        }
        let mut factor = |strength: f64| rng.random_range((1.0 - strength).max(0.0)..=1.0 + strength);
        let (light, contrast, saturation) =
            (factor(self.brightness), factor(self.contrast), factor(self.saturation));
        let turn = rng.random_range(-self.hue..=self.hue);
        let mut changes: [(bool, Change); 4] = [
            (self.brightness > 0.0, Change::Brightness(light)),
            (self.contrast > 0.0, Change::Contrast(contrast)),
            (self.saturation > 0.0, Change::Saturation(saturation)),
            (self.hue > 0.0, Change::Hue(turn)),
        ];
        changes.shuffle(rng);
        for (_, change) in changes.into_iter().filter(|(enabled, _)| *enabled) {
            change.apply(&mut image);
        }
        Ok(image)
    }
}
