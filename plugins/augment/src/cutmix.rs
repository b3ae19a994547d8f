//! CutMix.

use clip_lab_plugin_api::prelude::*;
use rand::Rng as _;

use crate::mixing;

/// CutMix, <https://arxiv.org/abs/1905.04899>: a box of every image of a batch is replaced by the same box of its
/// partner, and the targets are mixed by area. One box is drawn per batch: it covers 1 - lambda of the area with lambda
/// from Beta(alpha, alpha), has a random centre, and is clipped at the edges; targets use the area after clipping. The
/// partners are the batch in reverse order, as in timm's `mode="batch"`. Classification only.
///
/// With `mixup` in the same spec both are applied, in the order of the spec, each with its own probability. (timm
/// applies one of them, never both.)
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CutMix {
    /// Parameter of the Beta distribution: 1 makes all box sizes equally likely, smaller values favour tiny and huge
    /// boxes.
    pub alpha: f64,
    /// Probability of mixing a batch.
    pub probability: f64,
}

impl Default for CutMix {
    fn default() -> Self {
        Self { alpha: 1.0, probability: 1.0 }
    }
}

impl Settings for CutMix {
    fn check(&self, problems: &mut Problems) {
        mixing::check(problems, self.alpha, self.probability);
    }
}

impl Plugin<dyn Augment> for CutMix {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties { random: self.probability > 0.0, mixes: true }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for CutMix {
    fn mix(&self, images: &Tensor, targets: &Tensor, rng: &mut Rng) -> Result<Option<(Tensor, Tensor)>> {
        let Some(share) = mixing::draw_share(self.alpha, self.probability, rng)? else { return Ok(None) };
        let [.., height, width] = images.size()[..] else { bail!("images of a batch must be [B, 3, H, W]") };
        if height == 0 || width == 0 {
            return Ok(None);
        }
        let (top, down) = side(height, share, rng);
        let (left, across) = side(width, share, rng);
        let mut mixed = images.f_zeros_like()?;
        mixed.f_copy_(images)?;
        let part = |of: &Tensor| of.f_narrow(2, top, down)?.f_narrow(3, left, across);
        part(&mixed)?.f_copy_(&part(&images.f_flip([0])?)?)?;
        let share = 1.0 - (down * across) as f64 / (height * width) as f64;
        Ok(Some((mixed, mixing::blend(targets, share)?)))
    }
}

/// Start and length of the box along a side of `length` pixels, clipped to it.
fn side(length: i64, share: f64, rng: &mut Rng) -> (i64, i64) {
    let half = (length as f64 * (1.0 - share).sqrt()) as i64 / 2;
    let centre = rng.random_range(0..length);
    let start = (centre - half).max(0);
    (start, (centre + half).min(length) - start)
}
