//! Preprocessing: images to pixel values, normalised or to be normalised on the device.

use anyhow::{Result, bail};
use clip_lab_image_io::{Crop, Decoder, Normalise, OpenedImage, Sink};
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

    /// Normalisation of the pixels.
    pub fn normaliser(&self) -> Normalise {
        Normalise::new(self.preprocess.mean, self.preprocess.std)
    }

    /// Whether training images must be written as floats: an augmentation modifies normalised values.
    pub fn needs_floats(&self) -> bool {
        self.augment.iter().any(|augment| augment.after_normalise().is_some())
    }

    /// Writes a training image of `size` x `size` pixels.
    ///
    /// # Errors
    /// If decoding or an augmentation fails, or for bytes if floats are needed.
    pub fn train(
        &self,
        image: OpenedImage,
        rng: &mut Rng,
        decoder: &mut Decoder,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let Some((first, rest)) = self.augment.split_first() else {
            return self.eval(&image, decoder, sink);
        };
        let (width, height) = image.size();
        let crop = first.crop(width, height, rng);
        match crop {
            // No other augmentation needs pixels: crop, resize and normalise in one pass.
            Some(crop) if rest.is_empty() && crop.side == self.size() => {
                image.crop_to(&crop, decoder, sink)?;
            }
            Some(crop) => self.augment_pixels(rest, image.crop(&crop, decoder)?, rng, decoder, sink)?,
            None => {
                let _memory = image.reserve();
                self.augment_pixels(rest, first.apply(image.decode(decoder)?, rng)?, rng, decoder, sink)?;
            }
        }
        for augment in self.augment.iter().filter_map(|augment| augment.after_normalise()) {
            let Sink::Floats(_, out) = sink else { bail!("an augmentation modifies normalised values") };
            augment.modify(out, self.size() as usize, rng);
        }
        Ok(())
    }

    /// Applies the remaining augmentations to pixels and writes them.
    fn augment_pixels(
        &self,
        augment: &[Box<dyn Augment>],
        mut pixels: RgbImage,
        rng: &mut Rng,
        decoder: &mut Decoder,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        for augment in augment {
            pixels = augment.apply(pixels, rng)?;
        }
        // An augmented image of the right size is not cropped again.
        if pixels.dimensions() != (self.size(), self.size()) {
            return self.eval(&decoder.open(pixels.into())?, decoder, sink);
        }
        sink.write(&pixels);
        decoder.recycle(pixels);
        Ok(())
    }

    /// Writes an evaluation image of `size` x `size` pixels.
    ///
    /// # Errors
    /// If it cannot be decoded or resized.
    pub fn eval(&self, image: &OpenedImage, decoder: &mut Decoder, sink: &mut Sink<'_>) -> Result<()> {
        let Preprocess { resized, resize, interpolation, .. } = self.preprocess;
        let crop = Crop::middle(image.size(), self.size(), resized.map(side), resize, interpolation);
        image.crop_to(&crop, decoder, sink)
    }
}

/// Clamps a side to a valid image size.
fn side(pixels: i64) -> u32 {
    pixels.clamp(1, i64::from(u32::MAX)) as u32
}
