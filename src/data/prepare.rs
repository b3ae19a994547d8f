//! From a picture to the numbers that a tower wants.

use anyhow::{Result, ensure};
use clip_lab_api::{Augment, Rng};
use clip_lab_picture::{Crop, Normalise, Opened, Scratch};
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

    /// Writes a picture as training sees it: `3 * size * size` numbers, channel by channel.
    ///
    /// # Errors
    /// Those of decoding and of an augmentation.
    pub fn train(
        &self,
        picture: Opened,
        rng: &mut Rng,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) -> Result<()> {
        let Some((first, rest)) = self.augment.split_first() else {
            return self.eval(&picture, scratch, out);
        };
        let (width, height) = picture.size();
        let mut changed = match first.crop(width, height, rng) {
            Some(crop) => picture.square(&crop, scratch)?,
            None => first.apply(picture.whole(scratch)?, rng)?,
        };
        for augment in rest {
            changed = augment.apply(changed, rng)?;
        }
        // What augmentation brought to size loses no further margin.
        if changed.dimensions() == (self.size(), self.size()) {
            self.normalise(changed, scratch, out)?;
        } else {
            self.eval(&scratch.open(changed.into())?, scratch, out)?;
        }
        for augment in &self.augment {
            augment.after_normalise(out, self.size() as usize, rng);
        }
        Ok(())
    }

    /// Writes a picture as evaluation sees it.
    ///
    /// # Errors
    /// When it cannot be decoded or resized.
    pub fn eval(&self, picture: &Opened, scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        let Preprocess { resized, resize, interpolation, .. } = self.preprocess;
        let crop = Crop::middle(picture.size(), self.size(), resized.map(side), resize, interpolation);
        let square = picture.square(&crop, scratch)?;
        self.normalise(square, scratch, out)
    }

    fn normalise(&self, square: RgbImage, scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        ensure!(
            square.as_raw().len() == out.len(),
            "{:?} pixels for {} numbers",
            square.dimensions(),
            out.len()
        );
        Normalise::new(self.preprocess.mean, self.preprocess.std).write(&square, out);
        scratch.recycle(square);
        Ok(())
    }
}

/// A side in pixels that an image can have.
fn side(pixels: i64) -> u32 {
    pixels.clamp(1, i64::from(u32::MAX)) as u32
}
