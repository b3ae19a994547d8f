//! The operations and what a magnitude means to each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{affine::Affine, change::Change, curve::Curve};
use crate::color_jitter::change::Change as Colour;

/// An operation of `rand_augment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Each channel is stretched to the whole range. No magnitude.
    AutoContrast,
    /// Each channel's values are made about equally frequent. No magnitude.
    Equalize,
    /// The negative. No magnitude.
    Invert,
    /// Turned by up to 30 degrees.
    Rotate,
    /// Only 4 down to 0 bits of each value are kept.
    Posterize,
    /// Values from a threshold on are inverted; it falls from 256 to 0.
    Solarize,
    /// Up to 110 is added to values below 128.
    SolarizeAdd,
    /// Colour is taken away or added: factor 1 plus or minus up to 0.9.
    Color,
    /// Contrast, likewise.
    Contrast,
    /// Brightness, likewise.
    Brightness,
    /// Sharpness, likewise.
    Sharpness,
    /// Sheared along rows by up to 0.3 pixels a pixel.
    ShearX,
    /// Sheared along columns, likewise.
    ShearY,
    /// Moved by up to 0.45 of the width.
    TranslateX,
    /// Moved by up to 0.45 of the height.
    TranslateY,
}

impl Op {
    /// All fifteen, in timm's order.
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

    /// What it does at a level from 0 to 1, one way or, where it has two directions, the other.
    pub(super) fn at(self, level: f64, other_way: bool) -> Change {
        let signed = if other_way { -level } else { level };
        // Away from 1, which changes nothing, and never all of the way to nothing.
        let factor = (1.0 + 0.9 * signed).max(0.1);
        let part = |of: f64| (level * of) as u32;
        match self {
            Self::AutoContrast => Change::Curve(Curve::AutoContrast),
            Self::Equalize => Change::Curve(Curve::Equalize),
            Self::Invert => Change::Curve(Curve::Invert),
            // At the very top no bit is left: a black image, as in timm.
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
