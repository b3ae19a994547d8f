//! Batch norm.

use anyhow::{Result, ensure};
use tch::{
    Tensor,
    nn::{self, Init},
};

/// Weight of a batch's statistics in the running statistics, as in all libraries.
const MOMENTUM: f64 = 0.1;

/// Normalises each channel of `[B, C, H, W]`. Variables: `weight`, `bias`, and the buffers `running_mean`,
/// `running_var`, all `[C]`.
///
/// **Frozen statistics.** Batch statistics are used, and running statistics updated, only during training *and* if
/// `weight` requires a gradient. Freezing the weight thus freezes the statistics: a locked tower computes the same
/// features in training and in evaluation, and its buffers do not change.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
    eps: f64,
}

impl BatchNorm {
    /// Creates the variables. `gain` is the initial weight: 1, or 0 for the last norm of a residual branch.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(vars: &nn::Path<'_>, channels: i64, eps: f64, gain: f64) -> Result<Self> {
        let weight = vars.f_var("weight", &[channels], Init::Const(gain))?;
        let bias = vars.f_var("bias", &[channels], Init::Const(0.0))?;
        let mean = vars.f_zeros_no_train("running_mean", &[channels])?;
        let var = vars.f_ones_no_train("running_var", &[channels])?;
        Ok(Self { weight, bias, mean, var, eps })
    }

    /// `[B, C, H, W]` to the same shape.
    ///
    /// # Errors
    /// If the number of channels differs, or batch statistics are needed and each channel has a single value.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let use_batch = train && self.weight.requires_grad();
        let values = x.numel() as i64 / self.weight.numel().max(1) as i64;
        ensure!(
            !use_batch || values > 1,
            "batch norm cannot train on one value per channel: use larger batches or larger images, or freeze the \
             tower"
        );
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        // When recomputed in the backward pass, the batch is already in the running statistics.
        let counted = use_batch && clip_lab_torch_ext::is_recomputing();
        let (mean, var) = if counted { (None, None) } else { (Some(&self.mean), Some(&self.var)) };
        Ok(x.f_batch_norm(weight, bias, mean, var, use_batch, MOMENTUM, self.eps, true)?)
    }

    /// The factor and the summand of each channel, `[C]`, in evaluation and while the norm is frozen:
    /// `forward(x) = x * factor + summand`. None if the pass takes a batch's statistics.
    ///
    /// # Errors
    /// If libtorch runs out of memory.
    pub fn affine(&self, train: bool) -> Result<Option<(Tensor, Tensor)>> {
        if train && self.weight.requires_grad() {
            return Ok(None);
        }
        let factor = self.var.f_add_scalar(self.eps)?.f_rsqrt()?.f_mul(&self.weight)?;
        let summand = self.bias.f_sub(&self.mean.f_mul(&factor)?)?;
        Ok(Some((factor, summand)))
    }
}
