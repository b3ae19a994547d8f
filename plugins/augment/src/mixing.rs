//! Code shared by `mixup` and `cutmix`.

use clip_lab_plugin_api::prelude::*;
use rand::Rng as _;
use rand_distr::{Beta, Distribution as _};

/// Checks alpha and probability.
pub fn check(problems: &mut Problems, alpha: f64, probability: f64) {
    problems.require(alpha.is_finite() && alpha > 0.0, "alpha", "must be positive");
    problems.require((0.0..=1.0).contains(&probability), "probability", "must be from 0 to 1");
}

/// The share that every image of a batch keeps, from Beta(alpha, alpha); none if the batch is not mixed.
///
/// # Errors
/// If there is no such distribution.
pub fn draw_share(alpha: f64, probability: f64, rng: &mut Rng) -> Result<Option<f64>> {
    if !rng.random_bool(probability) {
        return Ok(None);
    }
    let share = Beta::new(alpha, alpha)?.sample(rng);
    // With a tiny alpha the share is 0 or 1, and the sampler may divide zero by zero.
    Ok(Some(if share.is_nan() { f64::from(u8::from(rng.random_bool(0.5))) } else { share }))
}

/// `share` times each row plus 1 - `share` times its partner, the row at the mirrored index of the batch.
pub fn blend(rows: &Tensor, share: f64) -> Result<Tensor> {
    Ok(rows.f_mul_scalar(share)?.f_add(&rows.f_flip([0])?.f_mul_scalar(1.0 - share)?)?)
}
