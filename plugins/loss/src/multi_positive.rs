//! InfoNCE in which a row may have several positives.

use clip_lab_plugin_api::prelude::*;

use crate::{
    scale::Scale,
    tiles::{self, Softmax, Targets, Tile},
};

/// InfoNCE with several positives per row, against false negatives: rows of a batch with the same image or the same
/// caption are positives of each other. It is UniCL's loss, <https://arxiv.org/abs/2204.03610>: for image i with the
/// captions P(i) of its group, -1/|P(i)| times the sum over P(i) of log p(caption | image i); the same for captions;
/// the mean over the batch and over both directions. This is the cross-entropy with targets spread evenly over the
/// group. If all rows differ, it equals `clip` exactly.
///
/// Records `train/logit_scale` and `train/positives`, the mean number of positives per row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MultiPositive {
    /// Initial logit scale: the factor on the cosine similarities, one over the temperature. CLIP starts from 1 / 0.07.
    pub scale: f64,
    /// Upper bound of the logit scale, which is clamped to [1, max_scale].
    pub max_scale: f64,
    /// Whether the logit scale is learned.
    pub learned: bool,
    /// Side, in pairs, of the tiles in which the similarity matrix is computed, so that the whole matrix is never in
    /// memory; 0 computes it whole. By default batches of more than 2,048 pairs use tiles. Loss and gradients are equal
    /// up to rounding.
    pub tile: Option<u32>,
}

impl Default for MultiPositive {
    fn default() -> Self {
        Self { scale: 1.0 / 0.07, max_scale: 100.0, learned: true, tile: None }
    }
}

impl Settings for MultiPositive {
    fn check(&self, problems: &mut Problems) {
        Scale::check(problems, self.scale, self.max_scale, self.learned);
    }
}

impl Plugin<Loss> for MultiPositive {
    fn properties(&self) -> LossProperties {
        LossProperties { groups: true, ..LossProperties::default() }
    }

    fn build(&self, context: LossContext<'_>) -> Result<Box<Loss>> {
        let scale = Scale::new(&context.vars, self.scale, self.max_scale, self.learned)?;
        Ok(Loss::pairs(Grouped { scale, tile: self.tile }))
    }
}

struct Grouped {
    scale: Scale,
    tile: Option<u32>,
}

impl PairLoss for Grouped {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        Scale::fits(pair)?;
        let (scale, batch) = (self.scale.value()?, pair.image.size()[0]);
        let targets = Targets::new(batch, pair.group, 0.0)?;
        let positives = targets.positives(pair.image.device())?;
        let loss = match tiles::side(self.tile, batch) {
            Some(side) => {
                let cells = Softmax::new(targets, tiles::sums(pair.image))?;
                tiles::score(cells, &Stripe::whole(pair), &scale, None, side, None)?
            }
            None => whole(&Scale::logits(pair, &scale)?, &targets)?,
        };
        Ok(Scored::new(loss).with("logit_scale", &scale).with("positives", &positives))
    }

    fn striped(&self) -> Option<&dyn StripedLoss> {
        Some(self)
    }

    fn clamp(&self) {
        self.scale.clamp();
    }
}

impl StripedLoss for Grouped {
    fn score_stripe(&self, stripe: &Stripe, all: &dyn AllReduce) -> Result<Scored> {
        let (scale, side) = (self.scale.value()?, tiles::side_of_stripe(self.tile, stripe));
        let targets = Targets::new(stripe.batch(), stripe.group, 0.0)?;
        let positives = targets.positives(stripe.image.device())?;
        let cells = Softmax::new(targets, tiles::sums_of_stripe(stripe.image))?;
        let loss = tiles::score(cells, stripe, &scale, None, side, Some(all))?;
        Ok(Scored::new(loss).with("logit_scale", &scale).with("positives", &positives))
    }
}

/// The loss from the whole matrix of logits, `[B, B]`.
fn whole(logits: &Tensor, targets: &Targets) -> Result<Tensor> {
    let batch = logits.size()[0];
    let Some(targets) = targets.tile(&Tile::whole(batch), logits)? else { bail!("the batch is empty") };
    // The targets are symmetric, so rows and columns share them.
    let direction = |dim| logits.f_log_softmax(dim, None)?.f_mul(&targets)?.f_sum(None);
    Ok((direction(1)? + direction(0)?) * (-0.5 / batch as f64))
}
