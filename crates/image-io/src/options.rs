//! Resize options shared by specs, augmentations and checkpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a non-square image is resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// Resizes the shorter side, then crops the centre. Keeps the aspect ratio, loses the ends of the longer side.
    #[default]
    Shortest,
    /// Resizes both sides. Keeps the whole image, distorts the aspect ratio.
    Squash,
}

/// Interpolation filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Cubic, 4x4 neighbours (a = -0.5, as in Pillow); used by CLIP, open_clip and timm.
    #[default]
    Bicubic,
    /// Linear, 2x2 neighbours; used to train most torchvision models.
    Bilinear,
}
