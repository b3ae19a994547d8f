//! Tricks: freezing, clipping, averaging, decay by layer.

use anyhow::Result;
use tch::Tensor;

use crate::{Kind, Params, State};

/// Scalars that a trick wants recorded with the step, as `train/<name>`.
#[derive(Debug, Default)]
pub struct Report(pub Vec<(String, Tensor)>);

impl Report {
    /// Records a scalar; it stays on the device until the recorder asks.
    pub fn add(&mut self, name: impl Into<String>, value: &Tensor) {
        self.0.push((name.into(), value.detach()));
    }
}

/// Hooks around an update. Every hook defaults to nothing.
pub trait Trick: Send {
    /// Once, before the optimizer exists: freeze, scale learning rates.
    ///
    /// # Errors
    /// When it names parameters that are not there.
    fn prepare(&mut self, _params: &mut Params) -> Result<()> {
        Ok(())
    }
    /// Before the forward pass of a step (from 0), also of the first after a resume: unlock, what was locked until now.
    ///
    /// # Errors
    /// Those of libtorch.
    fn before_step(&mut self, _params: &Params, _step: u64) -> Result<()> {
        Ok(())
    }
    /// After the gradients are there and before the optimizer uses them.
    ///
    /// # Errors
    /// Those of libtorch.
    fn before_update(&mut self, _params: &Params, _step: u64, _report: &mut Report) -> Result<()> {
        Ok(())
    }
    /// After the optimizer.
    ///
    /// # Errors
    /// Those of libtorch.
    fn after_update(&mut self, _params: &Params, _step: u64) -> Result<()> {
        Ok(())
    }
    /// Other weights to evaluate with, by name of parameter or buffer, such as a moving average.
    fn shadow(&self) -> Option<&State> {
        None
    }
    /// Everything needed to go on exactly.
    fn state(&self) -> State {
        State::new()
    }
    /// Takes back what [`Trick::state`] gave.
    ///
    /// # Errors
    /// When it is not this trick's state.
    fn restore(&mut self, _state: State) -> Result<()> {
        Ok(())
    }
}

/// What a trick's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct TrickFacts {
    /// Parameter prefixes that it locks for the whole run.
    pub frozen: Vec<String>,
    /// Whether it keeps other weights to evaluate with ([`Trick::shadow`]).
    pub averages: bool,
}

impl Kind for dyn Trick {
    const NAME: &'static str = "trick";
    type Facts = TrickFacts;
    type Scope<'a> = ();
}
