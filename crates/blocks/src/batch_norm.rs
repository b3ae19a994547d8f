//! Batch norm.

use anyhow::{Result, ensure};
use tch::{
    Tensor,
    nn::{self, Init},
};

/// The share of a batch's statistics in the running ones, as everywhere.
const MOMENTUM: f64 = 0.1;

/// Normalises each channel of `[B, C, H, W]`. Variables: `weight`, `bias`, and the buffers `running_mean`,
/// `running_var`, all `[C]`.
///
/// **Frozen statistics.** The batch's own statistics are taken, and the running ones updated, only while training
/// *and* while `weight` requires a gradient. So freezing the weight freezes the statistics too: a locked tower
/// computes the same features in training as in evaluation, and its buffers never move.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
    eps: f64,
}

impl BatchNorm {
    /// Makes the variables. `gain` is the initial weight: 1, or 0 for the last norm of a residual branch.
    ///
    /// # Errors
    /// When there is no memory for them.
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
    /// When the channels are others, or a batch to take statistics of has a single value in each channel.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let own = train && self.weight.requires_grad();
        let values = x.numel() as i64 / self.weight.numel().max(1) as i64;
        ensure!(
            !own || values > 1,
            "batch norm cannot train on one value for each channel: use larger batches or larger pictures, or \
             freeze the tower"
        );
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        // Computed again in the backward pass, a batch has been counted already.
        let counted = own && clip_lab_torch::computes_again();
        let (mean, var) = if counted { (None, None) } else { (Some(&self.mean), Some(&self.var)) };
        Ok(x.f_batch_norm(weight, bias, mean, var, own, MOMENTUM, self.eps, true)?)
    }
}
