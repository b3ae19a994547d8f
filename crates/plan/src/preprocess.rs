//! `[preprocess]`: from a decoded picture to what the image tower sees.

use clip_lab_api::{Faults, Interpolation, Resize, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How pictures are brought to the image tower's size and range. The size itself is the tower's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Preprocess {
    /// Side of the square pictures, in pixels: the image tower's.
    #[serde(skip)]
    #[schemars(skip)]
    pub size: i64,
    /// Mean of each channel (red, green, blue, from 0 to 1), subtracted.
    pub mean: [f64; 3],
    /// Standard deviation of each channel, divided by.
    pub std: [f64; 3],
    /// How a picture that is not square is brought to size.
    pub resize: Resize,
    /// How pixels between pixels are computed.
    pub interpolation: Interpolation,
    /// Side in pixels that the picture is resized to before the middle is cut out; left out, the tower's size.
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
    fn check(&self, faults: &mut Faults) {
        let positive = self.std.iter().all(|value| value.is_finite() && *value > 0.0);
        faults.require(positive, "std", "must be above 0 in every channel");
        let finite = self.mean.iter().all(|value| value.is_finite());
        faults.require(finite, "mean", "must be finite in every channel");
    }
}
