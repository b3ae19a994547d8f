//! InfoNCE, CLIP's loss.

use clip_lab_api::prelude::*;

use crate::scale::Scale;

/// CLIP's loss, <https://arxiv.org/abs/2103.00020>: InfoNCE in both directions. Each picture must pick its caption
/// among those of the batch and each caption its picture; the mean of the two cross-entropies. An untrained model
/// scores about ln(batch).
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
}

impl Default for Clip {
    fn default() -> Self {
        Self { scale: 1.0 / 0.07, max_scale: 100.0, learned: true }
    }
}

impl Settings for Clip {
    fn check(&self, faults: &mut Faults) {
        Scale::check(faults, self.scale, self.max_scale, self.learned);
    }
}

impl Plugin<dyn Loss> for Clip {
    fn build(&self, scope: LossScope<'_>) -> Result<Box<dyn Loss>> {
        Ok(Box::new(InfoNce(Scale::new(&scope.vars, self.scale, self.max_scale, self.learned)?)))
    }
}

struct InfoNce(Scale);

impl Loss for InfoNce {
    fn score(&self, pair: &Pair) -> Result<Scored> {
        let scale = self.0.value()?;
        let logits = Scale::logits(pair, &scale)?; // [B, B]
        // The right answer of row i is column i: the cross-entropy is minus the mean of the diagonal.
        let matched = |dim| logits.f_log_softmax(dim, None)?.f_diagonal(0, 0, 1)?.f_mean(None);
        let loss = (matched(1)? + matched(0)?) * -0.5;
        Ok(Scored::new(loss).with("logit_scale", &scale))
    }

    fn clamp(&self) {
        self.0.clamp();
    }
}
