//! SigLIP's pairwise loss.

use clip_lab_plugin_api::prelude::*;

use crate::{
    scale::{Scale, scalar},
    tiles::{self, Sigmoid},
};

/// The initial logit bias.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a number or \"auto\"")]
pub enum Bias {
    /// A number.
    Number(f64),
    /// Derived from the batch size.
    Keyword(Auto),
}

/// `"auto"`: derives the bias from the batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auto {
    /// -ln(B - 1), at which one pair in B is expected to match.
    Auto,
}

impl Bias {
    /// The bias for batches of `batch` pairs.
    fn of(self, batch: i64) -> Result<f64> {
        match self {
            Self::Number(bias) => Ok(bias),
            Self::Keyword(Auto::Auto) => {
                ensure!(
                    batch > 1,
                    "bias = \"auto\" needs batches of at least two pairs; set a number instead"
                );
                Ok(-((batch - 1) as f64).ln())
            }
        }
    }
}

/// SigLIP's loss, <https://arxiv.org/abs/2303.15343>: binary classification of every image-caption pair of the batch as
/// matching or not, with a sigmoid. Summed over all pairs and divided by the number of images.
///
/// Records `train/logit_scale` and `train/logit_bias`; the variable `logit_scale` holds the scale's logarithm.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SigLip {
    /// Initial logit scale: the factor on the cosine similarities.
    pub scale: f64,
    /// Initial logit bias, added to the logits; negative, since most pairs do not match. The paper's -10 fits batches
    /// of about 22,000; "auto" is -ln(batch - 1), which fits any batch.
    pub bias: Bias,
    /// Upper bound of the logit scale, which is clamped to [1, max_scale].
    pub max_scale: f64,
    /// Whether logit scale and bias are learned.
    pub learned: bool,
    /// Side, in pairs, of the tiles in which the similarity matrix is computed, so that the whole matrix is never in
    /// memory; 0 computes it whole. By default batches of more than 2,048 pairs use tiles. Loss and gradients are equal
    /// up to rounding.
    pub tile: Option<u32>,
}

impl Default for SigLip {
    fn default() -> Self {
        Self { scale: 10.0, bias: Bias::Number(-10.0), max_scale: 100.0, learned: true, tile: None }
    }
}

impl Settings for SigLip {
    fn check(&self, problems: &mut Problems) {
        Scale::check(problems, self.scale, self.max_scale, self.learned);
        let finite = !matches!(self.bias, Bias::Number(bias) if !bias.is_finite());
        problems.require(finite, "bias", "must be a finite number");
    }
}

impl Plugin<Loss> for SigLip {
    fn properties(&self) -> LossProperties {
        let bias = if let Bias::Number(bias) = self.bias { Some(bias) } else { None };
        LossProperties { per_pair: true, bias, ..LossProperties::default() }
    }

    fn build(&self, context: LossContext<'_>) -> Result<Box<Loss>> {
        let bias = self.bias.of(context.batch)?;
        Ok(Loss::pairs(Pairwise {
            scale: Scale::new(&context.vars, self.scale, self.max_scale, self.learned)?,
            bias: scalar(&context.vars, "logit_bias", bias, self.learned)?,
            tile: self.tile,
        }))
    }
}

struct Pairwise {
    scale: Scale,
    bias: Tensor,
    tile: Option<u32>,
}

impl PairLoss for Pairwise {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        Scale::fits(pair)?;
        let (scale, batch) = (self.scale.value()?, pair.image.size()[0]);
        let loss = match tiles::side(self.tile, batch) {
            Some(side) => {
                let cells = Sigmoid::new(batch, tiles::sums(pair.image))?;
                tiles::score(cells, &Stripe::whole(pair), &scale, Some(&self.bias), side, None)?
            }
            None => whole(pair, &scale, &self.bias)?,
        };
        Ok(self.scored(loss, &scale))
    }

    fn striped(&self) -> Option<&dyn StripedLoss> {
        Some(self)
    }

    fn clamp(&self) {
        self.scale.clamp();
    }
}

impl StripedLoss for Pairwise {
    fn score_stripe(&self, stripe: &Stripe, all: &dyn AllReduce) -> Result<Scored> {
        let (scale, side) = (self.scale.value()?, tiles::side_of_stripe(self.tile, stripe));
        let cells = Sigmoid::new(stripe.batch(), tiles::sums_of_stripe(stripe.image))?;
        let loss = tiles::score(cells, stripe, &scale, Some(&self.bias), side, Some(all))?;
        Ok(self.scored(loss, &scale))
    }
}

impl Pairwise {
    fn scored(&self, loss: Tensor, scale: &Tensor) -> Scored {
        Scored::new(loss).with("logit_scale", scale).with("logit_bias", &self.bias)
    }
}

fn whole(pair: &Pair, scale: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let logits = Scale::logits(pair, scale)?.f_add(bias)?; // [B, B]
    let batch = logits.size()[0];
    // +1 on the diagonal, where image and caption match; -1 elsewhere.
    let sign = Tensor::f_eye(batch, (logits.kind(), logits.device()))? * 2 - 1;
    Ok(logits.f_mul(&sign)?.f_log_sigmoid()?.f_sum(None)? / -(batch as f64))
}
