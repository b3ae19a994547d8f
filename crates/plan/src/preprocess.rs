//! `[preprocess]`: from a decoded image to the image tower's input.

use clip_lab_plugin_api::{Interpolation, Problems, Resize, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resizing and normalisation of images for the image tower, which determines the size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Preprocess {
    /// Side of the square input images in pixels, set by the image tower.
    #[serde(skip)]
    #[schemars(skip)]
    pub size: i64,
    /// Mean of each channel (RGB, 0 to 1), subtracted.
    pub mean: [f64; 3],
    /// Standard deviation of each channel, divided by.
    pub std: [f64; 3],
    /// How a non-square image is resized.
    pub resize: Resize,
    /// Interpolation method.
    pub interpolation: Interpolation,
    /// Side in pixels that the image is resized to before the centre crop. Default: the tower's size.
    pub resized: Option<i64>,
}

impl Default for Preprocess {
    /// The constants of OpenAI's CLIP.
    fn default() -> Self {
        Self {
            size: 0,
            mean: [0.48145466, 0.4578275, 0.40821073],
            std: [0.26862954, 0.26130258, 0.27577711],
            resize: Resize::Shortest,
            interpolation: Interpolation::Bicubic,
            resized: None,
        }
    }
}

impl Settings for Preprocess {
    fn check(&self, problems: &mut Problems) {
        let positive = self.std.iter().all(|value| value.is_finite() && *value > 0.0);
        problems.require(positive, "std", "must be positive in every channel");
        let finite = self.mean.iter().all(|value| value.is_finite());
        problems.require(finite, "mean", "must be finite in every channel");
    }
}
