//! A picture as a data set hands it out.

use std::path::Path;

use anyhow::{Context, Result};
use clip_lab_files::{MIB, Room, read_capped};
use image::RgbImage;

use crate::Scratch;

/// The largest image file that is read. Every thread may hold one.
pub const MOST_BYTES: u64 = 256 * MIB;

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
    /// When it cannot be read, is no regular file, or larger than [`MOST_BYTES`]; the message names it.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = read_capped(path, MOST_BYTES);
        Ok(Self::Encoded(bytes.with_context(|| format!("picture {} cannot be read", path.display()))?))
    }

    /// All its pixels, and the room that they take in the budget of all threads.
    ///
    /// # Errors
    /// Those of [`crate::decode`].
    pub fn decode_within(self) -> Result<(RgbImage, Room)> {
        let mut scratch = Scratch::new()?;
        let opened = scratch.open(self)?;
        let room = opened.room();
        Ok((opened.whole(&mut scratch)?, room))
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
