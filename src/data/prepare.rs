//! From a decoded picture to the numbers a tower wants.

use anyhow::Result;
use clip_lab_api::{Augment, Rng};
use image::RgbImage;

use crate::plan::Preprocess;

/// Augmentation, resizing and normalisation of pictures for one tower.
pub struct Prepare {
    /// Size, resizing and normalisation.
    pub preprocess: Preprocess,
    /// What training does before; empty when training sees what evaluation sees.
    pub augment: Vec<Box<dyn Augment>>,
}

impl Prepare {
    /// Side of the square result, in pixels.
    pub fn size(&self) -> u32 {
        side(self.preprocess.size)
    }

    /// A picture as training sees it: `3 * size * size` numbers, channel by channel.
    ///
    /// # Errors
    /// Those of an augmentation.
    pub fn train(&self, picture: RgbImage, rng: &mut Rng) -> Result<Vec<f32>> {
        let mut picture = picture;
        for augment in &self.augment {
            picture = augment.apply(picture, rng)?;
        }
        // What augmentation brought to size loses no further margin.
        if !self.augment.is_empty() && picture.dimensions() == (self.size(), self.size()) {
            return Ok(self.finish(self.normalise(&picture), rng));
        }
        Ok(self.finish(self.eval(&picture)?, rng))
    }

    /// What augmentations do after normalisation.
    fn finish(&self, mut pixels: Vec<f32>, rng: &mut Rng) -> Vec<f32> {
        for augment in &self.augment {
            augment.after_normalise(&mut pixels, self.size() as usize, rng);
        }
        pixels
    }

    /// A picture as evaluation sees it.
    ///
    /// # Errors
    /// When it cannot be resized.
    pub fn eval(&self, picture: &RgbImage) -> Result<Vec<f32>> {
        let Preprocess { resized, resize, interpolation, .. } = self.preprocess;
        let square =
            plugins_augment::preprocess(picture, self.size(), resized.map(side), resize, interpolation)?;
        Ok(self.normalise(&square))
    }

    fn normalise(&self, picture: &RgbImage) -> Vec<f32> {
        let plane = (picture.width() * picture.height()) as usize;
        let mut out = vec![0.0; 3 * plane];
        let (mean, std) = (self.preprocess.mean, self.preprocess.std);
        // One multiply and add for each value: (v / 255 - mean) / std.
        let scale = std.map(|std| (1.0 / (255.0 * std)) as f32);
        let shift = [0, 1, 2].map(|c| (-mean[c] / std[c]) as f32);
        for (index, pixel) in picture.pixels().enumerate() {
            for channel in 0..3 {
                out[channel * plane + index] = f32::from(pixel.0[channel]) * scale[channel] + shift[channel];
            }
        }
        out
    }
}

/// A side in pixels that an image can have.
fn side(pixels: i64) -> u32 {
    pixels.clamp(1, i64::from(u32::MAX)) as u32
}
