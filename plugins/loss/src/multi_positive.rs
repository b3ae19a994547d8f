//! InfoNCE in which a row may have several right answers.

use clip_lab_api::prelude::*;

use crate::{
    scale::Scale,
    tiles::{self, Softmax, Targets, Tile},
};

/// InfoNCE that knows of false negatives: rows of a batch that show the same image or say the same words are right
/// answers of each other. It is UniCL's loss, <https://arxiv.org/abs/2204.03610>: for image i with the captions P(i)
/// of its group, -1/|P(i)| times the sum over P(i) of log p(caption | image i); the same for captions; the mean over
/// the batch and over both directions. That is the cross-entropy with targets spread evenly over the group. Where
/// all rows differ, it is `clip` exactly.
///
/// Records `train/logit_scale` and `train/positives`, the mean number of right answers of a row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MultiPositive {
    /// Factor on the cosine similarities at the first step: one over the temperature; CLIP starts from 1 / 0.07.
    pub scale: f64,
    /// The most that the scale may grow to; it is held between 1 and this.
    pub max_scale: f64,
    /// Whether the scale is learned.
    pub learned: bool,
    /// Side of the tiles, in pairs, in which the similarities of a batch are computed, so that their whole matrix
    /// never stands in memory; 0 computes it whole. Left out, batches of more than 2,048 pairs are computed in tiles.
    /// Loss and gradients are the same but for rounding.
    pub tile: Option<u32>,
}

impl Default for MultiPositive {
    fn default() -> Self {
        Self { scale: 1.0 / 0.07, max_scale: 100.0, learned: true, tile: None }
    }
}

impl Settings for MultiPositive {
    fn check(&self, faults: &mut Faults) {
        Scale::check(faults, self.scale, self.max_scale, self.learned);
    }
}

impl Plugin<dyn Loss> for MultiPositive {
    fn build(&self, scope: LossScope<'_>) -> Result<Box<dyn Loss>> {
        let scale = Scale::new(&scope.vars, self.scale, self.max_scale, self.learned)?;
        Ok(Box::new(Grouped { scale, tile: self.tile }))
    }
}

struct Grouped {
    scale: Scale,
    tile: Option<u32>,
}

impl Loss for Grouped {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        Scale::fits(pair)?;
        let (scale, batch) = (self.scale.value()?, pair.image.size()[0]);
        let targets = Targets::new(batch, pair.group, 0.0)?;
        let positives = targets.positives(pair.image.device())?;
        let loss = match tiles::side(self.tile, batch) {
            Some(side) => tiles::score(Softmax::new(targets, pair.image)?, pair, &scale, None, side)?,
            None => whole(&Scale::logits(pair, &scale)?, &targets)?,
        };
        Ok(Scored::new(loss).with("logit_scale", &scale).with("positives", &positives))
    }

    fn clamp(&self) {
        self.scale.clamp();
    }
}

/// The loss from all logits at once, `[B, B]`.
fn whole(logits: &Tensor, targets: &Targets) -> Result<Tensor> {
    let batch = logits.size()[0];
    let Some(targets) = targets.tile(&Tile::whole(batch), logits)? else { bail!("a batch has no pairs") };
    // The targets are symmetric: those of the rows are those of the columns.
    let direction = |dim| logits.f_log_softmax(dim, None)?.f_mul(&targets)?.f_sum(None);
    Ok((direction(1)? + direction(0)?) * (-0.5 / batch as f64))
}
