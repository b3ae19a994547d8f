//! Mixup.

use clip_lab_plugin_api::prelude::*;

use crate::mixing;

/// Mixup, <https://arxiv.org/abs/1710.09412>: every image of a batch and its target are blended with those of a
/// partner. The blending weight is drawn once per batch from Beta(alpha, alpha); the partners are the batch in reverse
/// order, as in timm's `mode="batch"`. Classification only.
///
/// With `cutmix` in the same spec both are applied, in the order of the spec, each with its own probability. (timm
/// applies one of them, never both.)
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mixup {
    /// Parameter of the Beta distribution: 1 makes all weights equally likely, smaller values leave most batches nearly
    /// unmixed. Recipes use 0.2 to 0.8.
    pub alpha: f64,
    /// Probability of mixing a batch.
    pub probability: f64,
}

impl Default for Mixup {
    fn default() -> Self {
        Self { alpha: 0.8, probability: 1.0 }
    }
}

impl Settings for Mixup {
    fn check(&self, problems: &mut Problems) {
        mixing::check(problems, self.alpha, self.probability);
    }
}

impl Plugin<dyn Augment> for Mixup {
    fn properties(&self) -> AugmentProperties {
        AugmentProperties { random: self.probability > 0.0, mixes: true }
    }

    fn build(&self, _context: AugmentContext) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for Mixup {
    fn mix(&self, images: &Tensor, targets: &Tensor, rng: &mut Rng) -> Result<Option<(Tensor, Tensor)>> {
        let Some(share) = mixing::draw_share(self.alpha, self.probability, rng)? else { return Ok(None) };
        Ok(Some((mixing::blend(images, share)?, mixing::blend(targets, share)?)))
    }
}
