//! A square image without chance: what evaluation does, also in training.

use clip_lab_api::prelude::*;

/// Resizes an image to the square that the image encoder wants. Nothing is random, so a locked image tower needs to
/// see each image only once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "resize")]
pub struct ResizeSettings {
    /// `shortest` keeps shapes and cuts off the ends of the longer side; `squash` keeps everything and distorts.
    pub mode: Resize,
    /// `bicubic` or `bilinear`, both antialiased.
    pub interpolation: Interpolation,
}

impl Settings for ResizeSettings {}

struct ToSquare {
    settings: ResizeSettings,
    size: u32,
}

impl Plugin<dyn Augment> for ResizeSettings {
    fn build(&self, scope: AugmentScope) -> Result<Box<dyn Augment>> {
        Ok(Box::new(ToSquare { settings: self.clone(), size: scope.image_size }))
    }
}

impl Augment for ToSquare {
    fn crop(&self, width: u32, height: u32, _rng: &mut Rng) -> Option<Crop> {
        Some(Crop::middle((width, height), self.size, None, self.settings.mode, self.settings.interpolation))
    }
}
