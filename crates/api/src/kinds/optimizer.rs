//! Optimizers. Ours, since tch's cannot save their state and an exact resume needs it.

use anyhow::Result;

use crate::{Kind, Params, State};

/// Updates parameters from their gradients.
pub trait Optimizer: Send {
    /// One update of every trained parameter that has a gradient, at `lr` times its own scale.
    ///
    /// # Errors
    /// Those of libtorch.
    fn step(&mut self, params: &Params, lr: f64) -> Result<()>;
    /// Everything needed to go on exactly.
    fn state(&self) -> State;
    /// Takes back what [`Optimizer::state`] gave.
    ///
    /// # Errors
    /// When it is not this optimizer's state.
    fn restore(&mut self, state: State) -> Result<()>;
}

/// What an optimizer's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct OptimizerFacts {
    /// The base learning rate, which the schedule multiplies.
    pub lr: f64,
}

impl Kind for dyn Optimizer {
    const NAME: &'static str = "optimizer";
    type Facts = OptimizerFacts;
    type Scope<'a> = ();
}
