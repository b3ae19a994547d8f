//! An image as returned by a data set, encoded or decoded.

use std::path::Path;

use anyhow::{Context, Result};
use clip_lab_files::{MIB, MemoryReservation, read_capped};
use image::RgbImage;

use crate::Decoder;

/// The largest image file in bytes. Every thread may hold one.
pub const MAX_FILE_BYTES: u64 = 256 * MIB;

/// An image, possibly still encoded: only the consumer knows which region is needed and at which resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// An encoded file: JPEG, PNG, WebP, GIF, BMP or TIFF.
    Encoded(Vec<u8>),
    /// Decoded pixels, upright.
    Pixels(RgbImage),
}

impl Image {
    /// Reads a file without decoding it.
    ///
    /// # Errors
    /// If it cannot be read, is not a regular file, or exceeds [`MAX_FILE_BYTES`]; the message names it.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = read_capped(path, MAX_FILE_BYTES);
        Ok(Self::Encoded(bytes.with_context(|| format!("image {} cannot be read", path.display()))?))
    }

    /// Decodes the image, and reserves its share of the memory budget that all threads share.
    pub fn decode_reserved(self) -> Result<(RgbImage, MemoryReservation)> {
        let mut decoder = Decoder::new()?;
        let opened = decoder.open(self)?;
        let memory = opened.reserve();
        Ok((opened.decode(&mut decoder)?, memory))
    }

    /// Decodes the image, upright and in RGB.
    pub fn decode(self) -> Result<RgbImage> {
        match self {
            Self::Encoded(bytes) => crate::decode(&bytes),
            Self::Pixels(pixels) => Ok(pixels),
        }
    }
}

impl From<RgbImage> for Image {
    fn from(pixels: RgbImage) -> Self {
        Self::Pixels(pixels)
    }
}
