//! A convolution.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::LinearInit;

/// The shape of a convolution with a square kernel.
#[derive(Debug, Clone, Copy)]
pub struct ConvConfig {
    /// Channels that go in.
    pub input: i64,
    /// Channels that come out.
    pub output: i64,
    /// Side of the kernel.
    pub kernel: i64,
    /// Step of the kernel.
    pub stride: i64,
    /// Zeros around the image on each side.
    pub padding: i64,
    /// Groups of channels that do not see each other.
    pub groups: i64,
    /// Whether a bias is added.
    pub bias: bool,
}

impl ConvConfig {
    /// Without bias or groups, padded by half the kernel, so that stride 1 keeps the size.
    pub fn same(input: i64, output: i64, kernel: i64, stride: i64) -> Self {
        Self { input, output, kernel, stride, padding: kernel / 2, groups: 1, bias: false }
    }

    /// Number of values that make one output value.
    pub fn fan_in(&self) -> i64 {
        self.input / self.groups * self.kernel * self.kernel
    }
}

/// A convolution. Variables: `weight` `[output, input / groups, kernel, kernel]`, `bias` `[output]`.
#[derive(Debug)]
pub struct Conv {
    weight: Tensor,
    bias: Option<Tensor>,
    config: ConvConfig,
}

impl Conv {
    /// Makes the variables.
    ///
    /// # Errors
    /// When there is no memory for them.
    pub fn new(vars: &nn::Path<'_>, config: ConvConfig, init: LinearInit) -> Result<Self> {
        let ConvConfig { input, output, kernel, groups, .. } = config;
        let weight = vars.f_var("weight", &[output, input / groups, kernel, kernel], init.weight)?;
        let bias = if config.bias { Some(vars.f_var("bias", &[output], init.bias)?) } else { None };
        Ok(Self { weight, bias, config })
    }

    /// `[B, input, H, W]` to `[B, output, H', W']`.
    ///
    /// # Errors
    /// When the channels are others or the kernel is larger than the padded image.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let ConvConfig { stride, padding, groups, .. } = self.config;
        let bias = self.bias.as_ref();
        Ok(x.f_conv2d(&self.weight, bias, [stride, stride], [padding, padding], [1, 1], groups)?)
    }
}
