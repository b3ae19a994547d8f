//! Layer norm.

use anyhow::Result;
use tch::{
    Tensor,
    nn::{self, Init},
};

/// Normalises the last dimension. Variables: `weight`, `bias`, both `[width]`.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// Creates the variables, initialised to ones and zeros.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(vars: &nn::Path<'_>, width: i64, eps: f64) -> Result<Self> {
        let weight = vars.f_var("weight", &[width], Init::Const(1.0))?;
        let bias = vars.f_var("bias", &[width], Init::Const(0.0))?;
        Ok(Self { weight, bias, eps })
    }

    /// `[..., width]` to the same shape and number format. Autocast on a GPU computes in f32; the result is cast back, as
    /// in open_clip.
    ///
    /// # Errors
    /// If the last dimension is not `width`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = x.f_layer_norm(self.weight.size(), Some(&self.weight), Some(&self.bias), self.eps, true)?;
        Ok(if y.kind() == x.kind() { y } else { y.f_to_kind(x.kind())? })
    }
}
