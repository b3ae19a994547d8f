//! A linear layer that reports wrong widths as errors.

use clip_lab_plugin_api::prelude::*;
use tch::nn::Init;

/// `x W^T + b`; variables `weight` `[output, input]` and optionally `bias` `[output]`.
pub struct Layer {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Layer {
    pub fn new(vars: &nn::Path, input: i64, output: i64, weight: Init, bias: Option<Init>) -> Result<Self> {
        let weight = vars.f_var("weight", &[output, input], weight)?;
        let bias = bias.map(|init| vars.f_var("bias", &[output], init)).transpose()?;
        Ok(Self { weight, bias })
    }

    /// Initialised like PyTorch's `nn.Linear`: weight and bias uniform within `input^-1/2`.
    pub fn uniform(vars: &nn::Path, input: i64, output: i64, bias: bool) -> Result<Self> {
        let bound = (input as f64).powf(-0.5);
        let init = Init::Uniform { lo: -bound, up: bound };
        Self::new(vars, input, output, init, bias.then_some(init))
    }

    /// `[B, input]` to `[B, output]`.
    pub fn apply(&self, features: &Tensor) -> Result<Tensor> {
        let (sizes, input) = (features.size(), self.weight.size()[1]);
        let width = sizes.last().copied().unwrap_or(0);
        ensure!(width == input, "features are {width} wide and the projection was built for {input}");
        Ok(features.f_linear(&self.weight, self.bias.as_ref())?)
    }
}
