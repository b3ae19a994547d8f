//! Losses over a batch of pairs.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::Kind;

/// Unit-length embeddings `[B, D]`; row i of one belongs to row i of the other.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Pictures, `[B, D]`.
    pub image: &'a Tensor,
    /// Captions, `[B, D]`.
    pub text: &'a Tensor,
}

/// A loss and what goes into the record beside it. Values stay on the device until the recorder asks.
#[derive(Debug)]
pub struct Scored {
    /// The scalar to differentiate.
    pub loss: Tensor,
    /// Scalars to record, by name.
    pub report: Vec<(&'static str, Tensor)>,
}

impl Scored {
    /// A loss with nothing beside it.
    pub fn new(loss: Tensor) -> Self {
        Self { loss, report: Vec::new() }
    }

    /// Adds a scalar to record as `train/<name>`.
    pub fn with(mut self, name: &'static str, value: &Tensor) -> Self {
        self.report.push((name, value.detach()));
        self
    }
}

/// Scores a batch of pairs.
pub trait Loss: Send {
    /// The loss of a batch.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn score(&self, pair: &Pair) -> Result<Scored>;
    /// Holds the loss's own parameters within their bounds; called after every update.
    fn clamp(&self) {}
}

/// Where a loss is built.
pub struct LossScope<'a> {
    /// Where its variables go.
    pub vars: nn::Path<'a>,
    /// Pairs in a batch.
    pub batch: i64,
}

impl Kind for dyn Loss {
    const NAME: &'static str = "loss";
    type Facts = ();
    type Scope<'a> = LossScope<'a>;
}
