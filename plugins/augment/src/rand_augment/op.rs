//! The operations, and how each scales with the magnitude.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{affine::Affine, change::Change, curve::Curve};
use crate::color_jitter::change::Change as Colour;

/// An operation of `rand_augment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Stretches each channel to the whole range. Ignores the magnitude.
    AutoContrast,
    /// Equalises the histogram of each channel. Ignores the magnitude.
    Equalize,
    /// The negative. Ignores the magnitude.
    Invert,
    /// Rotates by up to 30 degrees.
    Rotate,
    /// Keeps only the 4 down to 0 highest bits of each value.
    Posterize,
    /// Inverts values from a threshold on, which falls from 256 to 0.
    Solarize,
    /// Adds up to 110 to values below 128.
    SolarizeAdd,
    /// Changes the saturation by a factor of 1 plus or minus up to 0.9.
    Color,
    /// Changes the contrast likewise.
    Contrast,
    /// Changes the brightness likewise.
    Brightness,
    /// Changes the sharpness likewise.
    Sharpness,
    /// Shears along rows by up to 0.3 pixels per pixel.
    ShearX,
    /// Shears along columns likewise.
    ShearY,
    /// Translates by up to 0.45 of the width.
    TranslateX,
    /// Translates by up to 0.45 of the height.
    TranslateY,
}

impl Op {
    /// All operations, in timm's order.
    pub const ALL: [Self; 15] = [
        Self::AutoContrast,
        Self::Equalize,
        Self::Invert,
        Self::Rotate,
        Self::Posterize,
        Self::Solarize,
        Self::SolarizeAdd,
        Self::Color,
        Self::Contrast,
        Self::Brightness,
        Self::Sharpness,
        Self::ShearX,
        Self::ShearY,
        Self::TranslateX,
        Self::TranslateY,
    ];

    /// The change at a level from 0 to 1; `negative` reverses operations that have two directions.
    pub(super) fn at(self, level: f64, negative: bool) -> Change {
        let signed = if negative { -level } else { level };
        // 1 is the identity; the factor never falls below 0.1.
        let factor = (1.0 + 0.9 * signed).max(0.1);
        let part = |of: f64| (level * of) as u32;
        match self {
            Self::AutoContrast => Change::Curve(Curve::AutoContrast),
            Self::Equalize => Change::Curve(Curve::Equalize),
            Self::Invert => Change::Curve(Curve::Invert),
            // At the highest level no bit is left: a black image, as in timm.
            Self::Posterize => Change::Curve(Curve::Posterize(4 - part(4.0))),
            Self::Solarize => Change::Curve(Curve::Solarize(256 - part(256.0))),
            Self::SolarizeAdd => Change::Curve(Curve::SolarizeAdd(part(110.0))),
            Self::Color => Change::Colour(Colour::Saturation(factor)),
            Self::Contrast => Change::Colour(Colour::Contrast(factor)),
            Self::Brightness => Change::Colour(Colour::Brightness(factor)),
            Self::Sharpness => Change::Sharpness(factor),
            Self::Rotate => Change::Affine(Affine::Rotate(30.0 * signed)),
            Self::ShearX => Change::Affine(Affine::ShearX(0.3 * signed)),
            Self::ShearY => Change::Affine(Affine::ShearY(0.3 * signed)),
            Self::TranslateX => Change::Affine(Affine::TranslateX(0.45 * signed)),
            Self::TranslateY => Change::Affine(Affine::TranslateY(0.45 * signed)),
        }
    }
}
