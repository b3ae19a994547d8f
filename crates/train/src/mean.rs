//! The mean loss of micro-batches.

use anyhow::Result;
use clip_lab_plugin_api::Scored;
use tch::Tensor;

/// Weighted mean of losses and reported values.
#[derive(Debug, Default)]
pub struct WeightedMean(Option<Scored>);

impl WeightedMean {
    /// Adds `scored` times `weight`. The weights of all parts sum to one.
    ///
    /// # Errors
    /// If libtorch is out of memory.
    pub fn add(&mut self, scored: &Scored, weight: f64) -> Result<()> {
        let weighted = |tensor: &Tensor| tensor.f_detach()?.f_mul_scalar(weight);
        let Some(sum) = &mut self.0 else {
            let report = scored.report.iter().map(|(name, value)| Ok((*name, weighted(value)?)));
            self.0 = Some(Scored { loss: weighted(&scored.loss)?, report: report.collect::<Result<_>>()? });
            return Ok(());
        };
        let _ = sum.loss.f_add_(&weighted(&scored.loss)?)?;
        for ((_, sum), (_, value)) in sum.report.iter_mut().zip(&scored.report) {
            let _ = sum.f_add_(&weighted(value)?)?;
        }
        Ok(())
    }

    /// The mean; none if nothing was added.
    pub fn finish(self) -> Option<Scored> {
        self.0
    }
}
