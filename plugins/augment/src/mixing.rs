//! What `mixup` and `cutmix` share.

use clip_lab_api::prelude::*;
use rand::Rng as _;
use rand_distr::{Beta, Distribution as _};

/// Finds an alpha or a probability that cannot work.
pub fn check(faults: &mut Faults, alpha: f64, probability: f64) {
    faults.require(alpha.is_finite() && alpha > 0.0, "alpha", "must be positive");
    faults.require((0.0..=1.0).contains(&probability), "probability", "a probability lies between 0 and 1");
}

/// The share that every image of a batch keeps, from Beta(alpha, alpha); none for a batch that is left alone.
///
/// # Errors
/// When there is no such distribution.
pub fn kept(alpha: f64, probability: f64, rng: &mut Rng) -> Result<Option<f64>> {
    if !rng.random_bool(probability) {
        return Ok(None);
    }
    let share = Beta::new(alpha, alpha)?.sample(rng);
    // A tiny alpha means all or nothing, and there the sampler may divide zero by zero.
    Ok(Some(if share.is_nan() { f64::from(u8::from(rng.random_bool(0.5))) } else { share }))
}

/// `share` of each row and the rest of its partner, the row as far from the end of the batch as this one is from the
/// start.
///
/// # Errors
/// Those of libtorch.
pub fn blend(rows: &Tensor, share: f64) -> Result<Tensor> {
    Ok(rows.f_mul_scalar(share)?.f_add(&rows.f_flip([0])?.f_mul_scalar(1.0 - share)?)?)
}
