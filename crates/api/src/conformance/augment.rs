//! Checks of augmentations.

use anyhow::{Result, ensure};
use image::{Rgb, RgbImage};
use tch::{Device, Kind as DType, Tensor};

use super::tools::{is_finite, wave};
use crate::{Augment, AugmentFacts, Rng, rng};

/// Checks an augmentation: the same image from the same generator, random and mixing exactly as it says, on images
/// of every shape; and mixed targets that still sum to one.
///
/// # Errors
/// Says what does not hold.
pub fn augment(augment: &dyn Augment, facts: &AugmentFacts) -> Result<()> {
    let mut drawn = false;
    for (width, height) in [(40, 30), (16, 16), (1, 1), (7, 90)] {
        let mut results = Vec::new();
        for seed in 0..24 {
            let (first, drew) = once(augment, width, height, seed)?;
            ensure!(once(augment, width, height, seed)?.0 == first, "one generator gives two results");
            ensure!(facts.random || !drew, "facts() says that it is not random, and it draws");
            results.push(first);
            drawn |= drew;
        }
        let differ = results.iter().any(|result| *result != results[0]);
        ensure!(
            facts.random || facts.mixes || !differ,
            "facts() says that it is not random, and results differ"
        );
    }
    let mixes = mixing(augment)?;
    ensure!(mixes == facts.mixes, "facts() says mixes = {}, and it is {mixes}", facts.mixes);
    ensure!(drawn || mixes || !facts.random, "facts() says that it is random, and it never draws");
    Ok(())
}

/// An image and its numbers after it, and whether it drew from the generator.
fn once(augment: &dyn Augment, width: u32, height: u32, seed: u64) -> Result<((RgbImage, Vec<u32>), bool)> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 9) as u8, (y * 7) as u8, (x * y) as u8]));
    let mut source: Rng = rng(seed, 0, 0);
    let picture = augment.apply(picture, &mut source)?;
    ensure!(picture.width() > 0 && picture.height() > 0, "a picture of {width}x{height} became empty");
    let mut pixels: Vec<f32> = (0..3 * 64).map(|index| (index as f32 * 0.7).sin()).collect();
    augment.after_normalise(&mut pixels, 8, &mut source);
    ensure!(pixels.iter().all(|value| value.is_finite()), "numbers are not finite");
    let drew = source != rng(seed, 0, 0);
    Ok(((picture, pixels.into_iter().map(f32::to_bits).collect()), drew))
}

/// Whether it ever mixes a batch; what it mixes keeps its shape.
fn mixing(augment: &dyn Augment) -> Result<bool> {
    let images = wave(&[4, 3, 8, 8], Device::Cpu);
    let targets = Tensor::eye(4, (DType::Float, Device::Cpu));
    let (kept, mut mixes) = (images.copy(), false);
    for seed in 0..24 {
        let Some((mixed, shares)) = augment.mix(&images, &targets, &mut rng(seed, 0, 0))? else { continue };
        mixes = true;
        ensure!(mixed.size() == images.size() && shares.size() == targets.size(), "mixing changes shapes");
        ensure!(is_finite(&mixed)?, "mixed pictures are not finite");
        let sums = shares.f_sum_dim_intlist([1i64].as_slice(), false, DType::Float)?;
        ensure!(sums.f_allclose(&sums.ones_like(), 1e-5, 1e-5, false)?, "mixed targets do not sum to one");
    }
    ensure!(images == kept, "mixing changes the pictures that it was given");
    Ok(mixes)
}
