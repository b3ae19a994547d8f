//! Preprocessing: images to normalised pixel values.

use anyhow::Result;
use clip_lab_image_io::{Crop, Decoder, Normalise, OpenedImage};
use clip_lab_plugin_api::{Augment, Rng};
use image::RgbImage;

use clip_lab_plan::Preprocess;

/// Augmentation, resizing and normalisation of images for one tower.
pub struct Prepare {
    /// Size, resizing and normalisation.
    pub preprocess: Preprocess,
    /// Augmentation in training; empty if training images are preprocessed as in evaluation.
    pub augment: Vec<Box<dyn Augment>>,
}

impl Prepare {
    /// Side of the square output in pixels.
    pub fn size(&self) -> u32 {
        side(self.preprocess.size)
    }

    /// Writes a training image: `3 * size * size` values, channel by channel.
    ///
    /// # Errors
    /// When decoding or an augmentation fails.
    pub fn train(
        &self,
        image: OpenedImage,
        rng: &mut Rng,
        decoder: &mut Decoder,
        out: &mut [f32],
    ) -> Result<()> {
        let Some((first, rest)) = self.augment.split_first() else {
            return self.eval(&image, decoder, out);
        };
        let (width, height) = image.size();
        let crop = first.crop(width, height, rng);
        match crop {
            // No other augmentation needs pixels: crop, resize and normalise in one pass.
            Some(crop) if rest.is_empty() && crop.side == self.size() => {
                image.crop_normalised(&crop, &self.normaliser(), decoder, out)?;
            }
            Some(crop) => self.augment_pixels(rest, image.crop(&crop, decoder)?, rng, decoder, out)?,
            None => {
                let _memory = image.reserve();
                self.augment_pixels(rest, first.apply(image.decode(decoder)?, rng)?, rng, decoder, out)?;
            }
        }
        for augment in self.augment.iter().filter_map(|augment| augment.after_normalise()) {
            augment.modify(out, self.size() as usize, rng);
        }
        Ok(())
    }

    /// Applies the remaining augmentations to pixels and normalises them.
    fn augment_pixels(
        &self,
        augment: &[Box<dyn Augment>],
        mut pixels: RgbImage,
        rng: &mut Rng,
        decoder: &mut Decoder,
        out: &mut [f32],
    ) -> Result<()> {
        for augment in augment {
            pixels = augment.apply(pixels, rng)?;
        }
        // An augmented image of the right size is not cropped again.
        if pixels.dimensions() != (self.size(), self.size()) {
            return self.eval(&decoder.open(pixels.into())?, decoder, out);
        }
        self.normaliser().write(&pixels, out);
        decoder.recycle(pixels);
        Ok(())
    }

    /// Writes an evaluation image.
    ///
    /// # Errors
    /// When it cannot be decoded or resized.
    pub fn eval(&self, image: &OpenedImage, decoder: &mut Decoder, out: &mut [f32]) -> Result<()> {
        let Preprocess { resized, resize, interpolation, .. } = self.preprocess;
        let crop = Crop::middle(image.size(), self.size(), resized.map(side), resize, interpolation);
        image.crop_normalised(&crop, &self.normaliser(), decoder, out)
    }

    fn normaliser(&self) -> Normalise {
        Normalise::new(self.preprocess.mean, self.preprocess.std)
    }
}

/// Clamps a side to a valid image size.
fn side(pixels: i64) -> u32 {
    pixels.clamp(1, i64::from(u32::MAX)) as u32
}
