//! The MLP of a transformer block.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::{Activation, Linear, LinearInit};

/// Two linear layers with an activation between them. Variables: `fc1`, `fc2`.
#[derive(Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
    activation: Activation,
}

impl Mlp {
    /// Creates the variables; `init` is for the first and the second layer.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(
        vars: &nn::Path<'_>,
        width: i64,
        hidden: i64,
        activation: Activation,
        init: (LinearInit, LinearInit),
    ) -> Result<Self> {
        let fc1 = Linear::new(&(vars / "fc1"), width, hidden, true, init.0)?;
        let fc2 = Linear::new(&(vars / "fc2"), hidden, width, true, init.1)?;
        Ok(Self { fc1, fc2, activation })
    }

    /// `[..., width]` to the same shape.
    ///
    /// # Errors
    /// If the last dimension is not `width`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.fc2.forward(&self.activation.apply(&self.fc1.forward(x)?)?)
    }
}
