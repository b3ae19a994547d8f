//! Images laid over each other.

use clip_lab_api::prelude::*;

use crate::mixing;

/// Mixup, <https://arxiv.org/abs/1710.09412>: every image of a batch becomes a blend of itself and its partner, and so
/// does its target. The share is drawn once for a batch from Beta(alpha, alpha), and the partners are the batch in
/// reverse, as timm's `mode="batch"` does. For classification only.
///
/// With `cutmix` in the same spec the two are applied one after the other in the order of the spec, each by its own
/// probability. (timm applies one of them, never both.)
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mixup {
    /// 1 makes every share equally likely, less leaves most batches nearly alone. Recipes take 0.2 to 0.8.
    pub alpha: f64,
    /// How often a batch is mixed at all, from 0 to 1.
    pub probability: f64,
}

impl Default for Mixup {
    fn default() -> Self {
        Self { alpha: 0.8, probability: 1.0 }
    }
}

impl Settings for Mixup {
    fn check(&self, faults: &mut Faults) {
        mixing::check(faults, self.alpha, self.probability);
    }
}

impl Plugin<dyn Augment> for Mixup {
    fn facts(&self) -> AugmentFacts {
        AugmentFacts { random: self.probability > 0.0, mixes: true }
    }

    fn build(&self, _scope: AugmentScope) -> Result<Box<dyn Augment>> {
        Ok(Box::new(self.clone()))
    }
}

impl Augment for Mixup {
    fn mix(&self, images: &Tensor, targets: &Tensor, rng: &mut Rng) -> Result<Option<(Tensor, Tensor)>> {
        let Some(share) = mixing::kept(self.alpha, self.probability, rng)? else { return Ok(None) };
        Ok(Some((mixing::blend(images, share)?, mixing::blend(targets, share)?)))
    }
}
