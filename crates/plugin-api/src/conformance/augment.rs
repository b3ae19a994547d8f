//! Checks of augmentations.

use anyhow::{Result, ensure};
use image::{Rgb, RgbImage};
use tch::{Device, Kind as DType, Tensor};

use super::tools::{is_finite, wave};
use crate::{Augment, AugmentProperties, Rng, rng};

/// Checks an augmentation: equal results for equal generators, `random` and `mixes` as declared, images of all shapes,
/// and mixed targets that sum to one.
///
/// # Errors
/// Names the failed check.
pub fn augment(augment: &dyn Augment, properties: &AugmentProperties) -> Result<()> {
    let mut drawn = false;
    for (width, height) in [(40, 30), (16, 16), (1, 1), (7, 90)] {
        let mut results = Vec::new();
        for seed in 0..24 {
            let (first, drew) = once(augment, width, height, seed)?;
            ensure!(
                once(augment, width, height, seed)?.0 == first,
                "equal generators give different results"
            );
            ensure!(
                properties.random || !drew,
                "properties() declares it not random, but it uses the generator"
            );
            results.push(first);
            drawn |= drew;
        }
        let differ = results.iter().any(|result| *result != results[0]);
        ensure!(
            properties.random || properties.mixes || !differ,
            "properties() declares it not random, but results differ"
        );
    }
    let mixes = mixing(augment)?;
    ensure!(
        mixes == properties.mixes,
        "properties() declares mixes = {}, but it is {mixes}",
        properties.mixes
    );
    ensure!(
        drawn || mixes || !properties.random,
        "properties() declares it random, but it never uses the generator"
    );
    Ok(())
}

/// An augmented image with its normalised values, and whether the generator was used.
fn once(augment: &dyn Augment, width: u32, height: u32, seed: u64) -> Result<((RgbImage, Vec<u32>), bool)> {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 9) as u8, (y * 7) as u8, (x * y) as u8]));
    let mut source: Rng = rng(seed, 0, 0);
    let image = augment.apply(image, &mut source)?;
    ensure!(image.width() > 0 && image.height() > 0, "an image of {width}x{height} became empty");
    let mut pixels: Vec<f32> = (0..3 * 64).map(|index| (index as f32 * 0.7).sin()).collect();
    if let Some(augment) = augment.after_normalise() {
        augment.modify(&mut pixels, 8, &mut source);
    }
    ensure!(pixels.iter().all(|value| value.is_finite()), "normalised values are not finite");
    let drew = source != rng(seed, 0, 0);
    Ok(((image, pixels.into_iter().map(f32::to_bits).collect()), drew))
}

/// Whether it ever mixes a batch; checks that mixing keeps shapes.
fn mixing(augment: &dyn Augment) -> Result<bool> {
    let images = wave(&[4, 3, 8, 8], Device::Cpu);
    let targets = Tensor::eye(4, (DType::Float, Device::Cpu));
    let (original, mut mixes) = (images.copy(), false);
    for seed in 0..24 {
        let Some((mixed, shares)) = augment.mix(&images, &targets, &mut rng(seed, 0, 0))? else { continue };
        mixes = true;
        ensure!(mixed.size() == images.size() && shares.size() == targets.size(), "mixing changes shapes");
        ensure!(is_finite(&mixed)?, "mixed images are not finite");
        let sums = shares.f_sum_dim_intlist([1i64].as_slice(), false, DType::Float)?;
        ensure!(sums.f_allclose(&sums.ones_like(), 1e-5, 1e-5, false)?, "mixed targets do not sum to one");
    }
    ensure!(images == original, "mixing modifies its input");
    Ok(mixes)
}
