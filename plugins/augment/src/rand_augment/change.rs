//! An operation and its amount.

use clip_lab_plugin_api::Interpolation;
use image::RgbImage;

use super::{affine::Affine, curve::Curve, sharpness};
use crate::color_jitter::change::Change as Colour;

/// A change of an image.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Maps each value by a table.
    Curve(Curve),
    /// Changes saturation, contrast or brightness by a factor.
    Colour(Colour),
    /// Changes sharpness by a factor: 0 is smoothed, 1 is the image itself.
    Sharpness(f64),
    /// Moves pixels.
    Affine(Affine),
}

impl Change {
    /// The changed image, of the same size. `fill` is the colour of pixels from outside of the image.
    pub fn apply(self, mut image: RgbImage, fill: [u8; 3], interpolation: Interpolation) -> RgbImage {
        match self {
            Self::Curve(curve) => curve.apply(&mut image),
            Self::Colour(colour) => colour.apply(&mut image),
            Self::Sharpness(factor) => return sharpness::sharpen(&image, factor),
            Self::Affine(affine) => return affine.apply(&image, fill, interpolation),
        }
        image
    }
}
