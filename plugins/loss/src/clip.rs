//! InfoNCE, CLIP's loss.

use clip_lab_plugin_api::prelude::*;

use crate::{
    scale::Scale,
    smoothing,
    tiles::{self, Softmax, Targets},
};

/// CLIP's loss, <https://arxiv.org/abs/2103.00020>: symmetric InfoNCE. Each image is classified among the captions of
/// the batch and each caption among its images; the loss is the mean of the two cross-entropies. An untrained model
/// scores about ln(batch).
///
/// With `label_smoothing` e the target of each row is 1 - e + e/B for the matching caption and e/B for every other, so
/// the loss is (1 - e) times the cross-entropy plus e times the mean of -log p over the whole row.
///
/// Records the logit scale as `train/logit_scale`; the variable `logit_scale` holds its logarithm.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Clip {
    /// Initial logit scale: the factor on the cosine similarities, one over the temperature. CLIP starts from 1 / 0.07.
    pub scale: f64,
    /// Upper bound of the logit scale, which is clamped to [1, max_scale].
    pub max_scale: f64,
    /// Whether the logit scale is learned.
    pub learned: bool,
    /// Label smoothing: fraction of the target spread evenly over the batch. 0 disables it; classifiers often use 0.1.
    pub label_smoothing: f64,
    /// Side, in pairs, of the tiles in which the similarity matrix is computed, so that the whole matrix is never in
    /// memory; 0 computes it whole. By default batches of more than 2,048 pairs use tiles. Loss and gradients are equal
    /// up to rounding.
    pub tile: Option<u32>,
}

impl Default for Clip {
    fn default() -> Self {
        Self { scale: 1.0 / 0.07, max_scale: 100.0, learned: true, label_smoothing: 0.0, tile: None }
    }
}

impl Settings for Clip {
    fn check(&self, problems: &mut Problems) {
        Scale::check(problems, self.scale, self.max_scale, self.learned);
        smoothing::check(problems, self.label_smoothing);
    }
}

impl Plugin<Loss> for Clip {
    fn build(&self, context: LossContext<'_>) -> Result<Box<Loss>> {
        let scale = Scale::new(&context.vars, self.scale, self.max_scale, self.learned)?;
        Ok(Loss::pairs(InfoNce { scale, smoothing: self.label_smoothing, tile: self.tile }))
    }
}

struct InfoNce {
    scale: Scale,
    smoothing: f64,
    tile: Option<u32>,
}

impl PairLoss for InfoNce {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        Scale::fits(pair)?;
        let (scale, batch) = (self.scale.value()?, pair.image.size()[0]);
        let loss = match tiles::side(self.tile, batch) {
            Some(side) => {
                let cells =
                    Softmax::new(Targets::new(batch, None, self.smoothing)?, tiles::sums(pair.image))?;
                tiles::score(cells, &Stripe::whole(pair), &scale, None, side, None)?
            }
            None => self.whole(&Scale::logits(pair, &scale)?)?,
        };
        Ok(Scored::new(loss).with("logit_scale", &scale))
    }

    fn striped(&self) -> Option<&dyn StripedLoss> {
        Some(self)
    }

    fn clamp(&self) {
        self.scale.clamp();
    }
}

impl StripedLoss for InfoNce {
    fn score_stripe(&self, stripe: &Stripe, all: &dyn AllReduce) -> Result<Scored> {
        let (scale, side) = (self.scale.value()?, tiles::side_of_stripe(self.tile, stripe));
        let targets = Targets::new(stripe.batch(), None, self.smoothing)?;
        let cells = Softmax::new(targets, tiles::sums_of_stripe(stripe.image))?;
        let loss = tiles::score(cells, stripe, &scale, None, side, Some(all))?;
        Ok(Scored::new(loss).with("logit_scale", &scale))
    }
}

impl InfoNce {
    /// The loss from the whole matrix of logits, `[B, B]`.
    fn whole(&self, logits: &Tensor) -> Result<Tensor> {
        // The target of row i is column i: the cross-entropy is minus the mean of the diagonal.
        let matched = |dim| -> Result<Tensor> {
            let log = logits.f_log_softmax(dim, None)?;
            let right = log.f_diagonal(0, 0, 1)?.f_mean(None)?;
            if self.smoothing == 0.0 {
                return Ok(right);
            }
            Ok(right * (1.0 - self.smoothing) + log.f_mean(None)? * self.smoothing)
        };
        Ok((matched(1)? + matched(0)?) * -0.5)
    }
}
