//! Optimizers. tch's own cannot save their state, which a bit-exact resume needs.

use anyhow::Result;

use crate::{Kind, Params, State};

/// Updates parameters from their gradients.
pub trait Optimizer: Send {
    /// Updates every trained parameter that has a gradient, with `lr` times its `lr_scale`.
    fn step(&mut self, params: &Params, lr: f64) -> Result<()>;
    /// The state needed to resume bit-exactly. The tensors share memory with the optimizer, so that saving needs no copy:
    /// the next step changes them.
    fn state(&self) -> State;
    /// Restores the result of [`Optimizer::state`], as copies.
    ///
    /// # Errors
    /// If the state belongs to another optimizer.
    fn restore(&mut self, state: State) -> Result<()>;
}

/// Properties of an optimizer.
#[derive(Debug, Clone, Default)]
pub struct OptimizerProperties {
    /// The base learning rate, multiplied by the schedule.
    pub lr: f64,
}

impl Kind for dyn Optimizer {
    const NAME: &'static str = "optimizer";
    type Properties = OptimizerProperties;
    type BuildContext<'a> = ();
}
