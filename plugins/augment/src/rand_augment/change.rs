//! One change with its amount.

use clip_lab_api::Interpolation;
use image::RgbImage;

use super::{affine::Affine, curve::Curve, sharpness};
use crate::color_jitter::change::Change as Colour;

/// What happens to an image.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Each value by itself.
    Curve(Curve),
    /// Colour, contrast or brightness by a factor.
    Colour(Colour),
    /// Sharpness by a factor: 0 is smoothed, 1 the image itself.
    Sharpness(f64),
    /// Pixels to other places.
    Affine(Affine),
}

impl Change {
    /// The image after it, of the same size. `fill` comes in from outside.
    pub fn apply(self, mut picture: RgbImage, fill: [u8; 3], interpolation: Interpolation) -> RgbImage {
        match self {
            Self::Curve(curve) => curve.apply(&mut picture),
            Self::Colour(colour) => colour.apply(&mut picture),
            Self::Sharpness(factor) => return sharpness::sharpen(&picture, factor),
            Self::Affine(affine) => return affine.apply(&picture, fill, interpolation),
        }
        picture
    }
}
