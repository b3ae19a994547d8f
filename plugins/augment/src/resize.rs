//! Deterministic resizing: the evaluation transform, also for training.

use clip_lab_plugin_api::prelude::*;

/// Resizes an image to the image encoder's input size. Deterministic, so the features of a locked image tower can be
/// cached.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "resize")]
pub struct ResizeSettings {
    /// `shortest` keeps the aspect ratio and crops the longer side; `squash` keeps the whole image and distorts it.
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
    fn build(&self, context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(ToSquare { settings: self.clone(), size: context.image_size }))
    }
}

impl Augment for ToSquare {
    fn crop(&self, width: u32, height: u32, _rng: &mut Rng) -> Option<Crop> {
        Some(Crop::middle((width, height), self.size, None, self.settings.mode, self.settings.interpolation))
    }
}
