//! Tricks: freezing, gradient clipping, weight averaging, layer-wise decay.

use anyhow::Result;
use tch::Tensor;

use crate::{Kind, Params, State};

/// Scalars recorded with the step, as `train/<name>`.
#[derive(Debug, Default)]
pub struct Report(pub Vec<(String, Tensor)>);

impl Report {
    /// Records a scalar; it stays on the device until it is read, before the update.
    pub fn add(&mut self, name: impl Into<String>, value: &Tensor) {
        self.0.push((name.into(), value.detach()));
    }
}

/// Hooks around an update. Every hook defaults to a no-op.
pub trait Trick: Send {
    /// Called once, before the optimizer is built: freezes parameters, scales learning rates.
    ///
    /// # Errors
    /// If it names parameters that do not exist.
    fn prepare(&mut self, _params: &mut Params) -> Result<()> {
        Ok(())
    }
    /// Called before the forward pass of a step (from 0), including the first after a resume: unlocks parameters.
    fn before_step(&mut self, _params: &Params, _step: u64) -> Result<()> {
        Ok(())
    }
    /// Called after the backward pass and before the optimizer. On a GPU the loss is read afterwards: if it is not finite,
    /// the gradients here are not either, and the run ends without the update.
    fn before_update(&mut self, _params: &Params, _step: u64, _report: &mut Report) -> Result<()> {
        Ok(())
    }
    /// Called after the optimizer.
    fn after_update(&mut self, _params: &Params, _step: u64) -> Result<()> {
        Ok(())
    }
    /// Averaged weights to evaluate, by name of parameter or buffer.
    fn averaged_weights(&self) -> Option<&State> {
        None
    }
    /// The state needed to resume bit-exactly. The tensors may share memory with the trick, so that saving needs no copy.
    fn state(&self) -> State {
        State::new()
    }
    /// Restores the result of [`Trick::state`], as copies.
    ///
    /// # Errors
    /// If the state belongs to another trick.
    fn restore(&mut self, _state: State) -> Result<()> {
        Ok(())
    }
}

/// Properties of a trick.
#[derive(Debug, Clone, Default)]
pub struct TrickProperties {
    /// Prefixes of parameters locked for the whole run.
    pub frozen: Vec<String>,
    /// Whether it has averaged weights to evaluate ([`Trick::averaged_weights`]).
    pub averages: bool,
}

impl Kind for dyn Trick {
    const NAME: &'static str = "trick";
    type Properties = TrickProperties;
    type BuildContext<'a> = ();
}
