//! A convolution.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::{BatchNorm, LinearInit};

/// Configuration of a convolution with a square kernel.
#[derive(Debug, Clone, Copy)]
pub struct ConvConfig {
    /// Input channels.
    pub input: i64,
    /// Output channels.
    pub output: i64,
    /// Side of the kernel.
    pub kernel: i64,
    /// Stride of the kernel.
    pub stride: i64,
    /// Zero padding on each side.
    pub padding: i64,
    /// Groups of channels.
    pub groups: i64,
    /// Whether to add a bias.
    pub bias: bool,
}

impl ConvConfig {
    /// Without bias and groups, padded by half the kernel, so stride 1 keeps the size.
    pub fn same(input: i64, output: i64, kernel: i64, stride: i64) -> Self {
        Self { input, output, kernel, stride, padding: kernel / 2, groups: 1, bias: false }
    }

    /// Number of input values per output value.
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
    /// Creates the variables.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(vars: &nn::Path<'_>, config: ConvConfig, init: LinearInit) -> Result<Self> {
        let ConvConfig { input, output, kernel, groups, .. } = config;
        let weight = vars.f_var("weight", &[output, input / groups, kernel, kernel], init.weight)?;
        let bias = if config.bias { Some(vars.f_var("bias", &[output], init.bias)?) } else { None };
        Ok(Self { weight, bias, config })
    }

    /// `[B, input, H, W]` to `[B, output, H', W']`.
    ///
    /// # Errors
    /// If the number of channels differs, or the kernel is larger than the padded image.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.convolve(x, &self.weight, self.bias.as_ref())
    }

    /// A convolution and its norm: in one pass, by scaled weights, in evaluation and while both are frozen.
    ///
    /// # Errors
    /// As [`Conv::forward`] and [`BatchNorm::forward`].
    pub fn forward_normed(&self, x: &Tensor, norm: &BatchNorm, train: bool) -> Result<Tensor> {
        let trained = train && self.weight.requires_grad();
        let Some((factor, summand)) = norm.affine(train)?.filter(|_| !trained) else {
            return norm.forward(&self.forward(x)?, train);
        };
        let weight = self.weight.f_mul(&factor.f_view([-1, 1, 1, 1])?)?;
        let bias = match &self.bias {
            Some(bias) => bias.f_mul(&factor)?.f_add(&summand)?,
            None => summand,
        };
        self.convolve(x, &weight, Some(&bias))
    }

    fn convolve(&self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let ConvConfig { stride, padding, groups, .. } = self.config;
        Ok(x.f_conv2d(weight, bias, [stride, stride], [padding, padding], [1, 1], groups)?)
    }
}
