//! SigLIP's loss: a binary classification for every cell of the matrix.

use clip_lab_plugin_api::prelude::*;

use super::{Cells, Span, Tile};

/// Minus the sum of ln sigmoid(y z) over all cells, divided by the batch; y is 1 on the diagonal and -1 elsewhere.
pub struct Sigmoid {
    batch: i64,
    sum: Tensor,
}

impl Sigmoid {
    /// For a batch of `batch` pairs; the sum is of kind and on device `sums`.
    pub fn new(batch: i64, sums: (DType, Device)) -> Result<Self> {
        Ok(Self { batch, sum: Tensor::f_zeros([0i64; 0], sums)? })
    }
}

impl Cells for Sigmoid {
    const LOCAL: bool = true;

    fn accumulate(&mut self, at: &Tile, logits: &Tensor) -> Result<()> {
        let mut signed = logits.f_neg()?;
        if let Some(on) = at.diagonal(logits.device())? {
            signed = logits.f_where_self(&on, &signed)?;
        }
        let _ = self.sum.f_add_(&signed.f_log_sigmoid()?.f_sum(self.sum.kind())?)?;
        Ok(())
    }

    fn value(&self, _rows: &Span) -> Result<Tensor> {
        Ok(self.sum.f_div_scalar(-self.batch as f64)?)
    }

    fn slope(&self, at: &Tile, logits: &Tensor) -> Result<Tensor> {
        let mut slope = logits.f_sigmoid()?;
        match at.diagonal(logits.device())? {
            Some(on) => Ok(slope.f_sub_(&on.f_to_kind(logits.kind())?)?),
            None => Ok(slope),
        }
    }
}
