//! A linear layer.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::LinearInit;

/// `y = x W^T + b`. Variables: `weight` `[output, input]`, `bias` `[output]`.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Creates the variables.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(vars: &nn::Path<'_>, input: i64, output: i64, bias: bool, init: LinearInit) -> Result<Self> {
        let weight = vars.f_var("weight", &[output, input], init.weight)?;
        let bias = if bias { Some(vars.f_var("bias", &[output], init.bias)?) } else { None };
        Ok(Self { weight, bias })
    }

    /// `[..., input]` to `[..., output]`.
    ///
    /// # Errors
    /// If the last dimension is not `input`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.f_linear(&self.weight, self.bias.as_ref())?)
    }
}
