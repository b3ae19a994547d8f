//! From a image to the numbers that a tower wants.

use anyhow::Result;
use clip_lab_image_io::{Crop, Normalise, Opened, Scratch};
use clip_lab_plugin_api::{Augment, Rng};
use image::RgbImage;

use clip_lab_plan::Preprocess;

/// Augmentation, resizing and normalisation of images for one tower.
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

    /// Writes a image as training sees it: `3 * size * size` numbers, channel by channel.
    ///
    /// # Errors
    /// Those of decoding and of an augmentation.
    pub fn train(&self, image: Opened, rng: &mut Rng, scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        let Some((first, rest)) = self.augment.split_first() else {
            return self.eval(&image, scratch, out);
        };
        let (width, height) = image.size();
        let crop = first.crop(width, height, rng);
        match crop {
            // Nothing else asks for pixels: from the decoder to the numbers in one go.
            Some(crop) if rest.is_empty() && crop.side == self.size() => {
                image.numbers(&crop, &self.normaliser(), scratch, out)?;
            }
            Some(crop) => self.rest(rest, image.square(&crop, scratch)?, rng, scratch, out)?,
            None => {
                let _room = image.room();
                self.rest(rest, first.apply(image.whole(scratch)?, rng)?, rng, scratch, out)?;
            }
        }
        for augment in &self.augment {
            augment.after_normalise(out, self.size() as usize, rng);
        }
        Ok(())
    }

    /// Augmentation of pixels, and then numbers of them.
    fn rest(
        &self,
        augment: &[Box<dyn Augment>],
        mut pixels: RgbImage,
        rng: &mut Rng,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) -> Result<()> {
        for augment in augment {
            pixels = augment.apply(pixels, rng)?;
        }
        // What augmentation brought to size loses no further margin.
        if pixels.dimensions() != (self.size(), self.size()) {
            return self.eval(&scratch.open(pixels.into())?, scratch, out);
        }
        self.normaliser().write(&pixels, out);
        scratch.recycle(pixels);
        Ok(())
    }

    /// Writes a image as evaluation sees it.
    ///
    /// # Errors
    /// When it cannot be decoded or resized.
    pub fn eval(&self, image: &Opened, scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        let Preprocess { resized, resize, interpolation, .. } = self.preprocess;
        let crop = Crop::middle(image.size(), self.size(), resized.map(side), resize, interpolation);
        image.numbers(&crop, &self.normaliser(), scratch, out)
    }

    fn normaliser(&self) -> Normalise {
        Normalise::new(self.preprocess.mean, self.preprocess.std)
    }
}

/// A side in pixels that an image can have.
fn side(pixels: i64) -> u32 {
    pixels.clamp(1, i64::from(u32::MAX)) as u32
}
