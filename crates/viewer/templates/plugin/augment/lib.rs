//! An augmentation: colour inversion.

use clip_lab_plugin_api::prelude::*;
use image::RgbImage;
use rand::Rng as _;

/// Inverts the colours of an image with a probability.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// Probability of the inversion, from 0 to 1.
    pub probability: f64,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..=1.0).contains(&self.probability), "probability", "must be from 0 to 1");
    }
}

impl Plugin<dyn Augment> for MyPlugin {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties { random: true, ..AugmentProperties::default() }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for MyPlugin {
    fn apply(&self, mut image: RgbImage, rng: &mut Rng) -> Result<RgbImage> {
        if rng.random_bool(self.probability) {
            image.iter_mut().for_each(|value| *value = 255 - *value);
        }
        Ok(image)
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.augment.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
