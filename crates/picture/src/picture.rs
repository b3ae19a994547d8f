//! A picture as a data set hands it out.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use image::RgbImage;

/// A picture that may not be decoded yet: how much of it is needed, and how large, only the reader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// The bytes of a file: JPEG, PNG, WebP, GIF, BMP or TIFF.
    Encoded(Vec<u8>),
    /// Pixels, upright.
    Pixels(RgbImage),
}

impl Picture {
    /// Reads a file, and decodes nothing.
    ///
    /// # Errors
    /// When it cannot be read; the message names it.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("picture {} cannot be read", path.display()))?;
        Ok(Self::Encoded(bytes))
    }

    /// All its pixels, upright and in RGB.
    ///
    /// # Errors
    /// Those of [`crate::decode`].
    pub fn decode(self) -> Result<RgbImage> {
        match self {
            Self::Encoded(bytes) => crate::decode(&bytes),
            Self::Pixels(pixels) => Ok(pixels),
        }
    }
}

impl From<RgbImage> for Picture {
    fn from(pixels: RgbImage) -> Self {
        Self::Pixels(pixels)
    }
}
