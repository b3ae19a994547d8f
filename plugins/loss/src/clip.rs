//! InfoNCE, CLIP's loss.

use clip_lab_api::prelude::*;

use crate::{
    scale::Scale,
    smoothing,
    tiles::{self, Softmax, Targets},
};

/// CLIP's loss, <https://arxiv.org/abs/2103.00020>: InfoNCE in both directions. Each image must pick its caption
/// among those of the batch and each caption its image; the mean of the two cross-entropies. An untrained model
/// scores about ln(batch).
///
/// With `label_smoothing` e the right answer of each row is worth 1 - e + e/B and every other e/B, so the loss is
/// (1 - e) times the cross-entropy plus e times the mean of -log p over the whole row.
///
/// Records the scale as `train/logit_scale`; the variable `logit_scale` holds its logarithm.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Clip {
    /// Factor on the cosine similarities at the first step: one over the temperature; CLIP starts from 1 / 0.07.
    pub scale: f64,
    /// The most that the scale may grow to; it is held between 1 and this.
    pub max_scale: f64,
    /// Whether the scale is learned.
    pub learned: bool,
    /// Share of the answer that is spread evenly over the batch; 0 is off, classifiers often take 0.1.
    pub label_smoothing: f64,
    /// Side of the tiles, in pairs, in which the similarities of a batch are computed, so that their whole matrix
    /// never stands in memory; 0 computes it whole. Left out, batches of more than 2,048 pairs are computed in tiles.
    /// Loss and gradients are the same but for rounding.
    pub tile: Option<u32>,
}

impl Default for Clip {
    fn default() -> Self {
        Self { scale: 1.0 / 0.07, max_scale: 100.0, learned: true, label_smoothing: 0.0, tile: None }
    }
}

impl Settings for Clip {
    fn check(&self, faults: &mut Faults) {
        Scale::check(faults, self.scale, self.max_scale, self.learned);
        smoothing::check(faults, self.label_smoothing);
    }
}

impl Plugin<dyn Loss> for Clip {
    fn build(&self, scope: LossScope<'_>) -> Result<Box<dyn Loss>> {
        let scale = Scale::new(&scope.vars, self.scale, self.max_scale, self.learned)?;
        Ok(Box::new(InfoNce { scale, smoothing: self.label_smoothing, tile: self.tile }))
    }
}

struct InfoNce {
    scale: Scale,
    smoothing: f64,
    tile: Option<u32>,
}

impl Loss for InfoNce {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        Scale::fits(pair)?;
        let (scale, batch) = (self.scale.value()?, pair.image.size()[0]);
        let loss = match tiles::side(self.tile, batch) {
            Some(side) => {
                let cells = Softmax::new(Targets::new(batch, None, self.smoothing)?, pair.image)?;
                tiles::score(cells, pair, &scale, None, side)?
            }
            None => self.whole(&Scale::logits(pair, &scale)?)?,
        };
        Ok(Scored::new(loss).with("logit_scale", &scale))
    }

    fn clamp(&self) {
        self.scale.clamp();
    }
}

impl InfoNce {
    /// The loss from all logits at once, `[B, B]`.
    fn whole(&self, logits: &Tensor) -> Result<Tensor> {
        // The right answer of row i is column i: the cross-entropy is minus the mean of the diagonal.
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
