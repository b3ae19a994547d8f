//! Parts of a model whose activations can be recomputed instead of stored.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use clip_lab_torch_ext::stage;
use tch::Tensor;

/// A part of a model, such as a block. With `run.recompute_activations` it stores only its input and recomputes the
/// rest in the backward pass, which runs after the encoder has returned, and on a GPU in another thread: hence the
/// shared ownership.
#[derive(Debug)]
pub struct Stage<T>(Arc<Mutex<T>>);

impl<T: Send + 'static> Stage<T> {
    /// Wraps a part as a stage.
    pub fn new(part: T) -> Self {
        Self(Arc::new(Mutex::new(part)))
    }

    /// `f(part, x)`, which may be recomputed later: `f` must be deterministic, except that batch norms update their
    /// running statistics only once.
    pub fn forward(
        &self,
        x: &Tensor,
        f: impl Fn(&T, &Tensor) -> Result<Tensor> + Send + 'static,
    ) -> Result<Tensor> {
        let part = self.0.clone();
        stage(x, move |x| f(&part.lock().unwrap_or_else(PoisonError::into_inner), x))
    }
}
