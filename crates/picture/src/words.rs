//! How pictures are brought to size: words that specs, augmentations and checkpoints share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a picture that is not square is brought to size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// The shorter side gets the size, then the middle is cut out. Keeps shapes, loses the ends of the longer side.
    #[default]
    Shortest,
    /// Both sides get the size. Keeps everything, distorts shapes.
    Squash,
}

/// How pixels between pixels are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Cubic, from sixteen neighbours (a = -0.5, Pillow's); what CLIP, open_clip and timm use.
    #[default]
    Bicubic,
    /// Straight lines, from four neighbours; what most torchvision models were trained with.
    Bilinear,
}
