//! Parts of a model whose activations may be computed again instead of kept.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use clip_lab_torch::stage;
use tch::Tensor;

/// A part of a model, such as a block. While `run.recompute_activations` is on it keeps its input alone and computes the
/// rest a second time in the backward pass, which runs after the encoder has returned, and on a GPU in a thread of its
/// own: hence the shared ownership.
#[derive(Debug)]
pub struct Stage<T>(Arc<Mutex<T>>);

impl<T: Send + 'static> Stage<T> {
    /// Makes a part a stage.
    pub fn new(part: T) -> Self {
        Self(Arc::new(Mutex::new(part)))
    }

    /// `f(part, x)`, perhaps computed again later: `f` must do the same both times, save that batch norms update their
    /// running statistics once.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn forward(
        &self,
        x: &Tensor,
        f: impl Fn(&T, &Tensor) -> Result<Tensor> + Send + 'static,
    ) -> Result<Tensor> {
        let part = self.0.clone();
        stage(x, move |x| f(&part.lock().unwrap_or_else(PoisonError::into_inner), x))
    }
}
