//! What several processes share of the embeddings of a batch.

use anyhow::Result;
use tch::Tensor;

/// The processes that share a batch. All call the same methods in the same order.
pub trait Peers {
    /// The embeddings of this process, `[b, D]`, also if they are undefined because b is 0.
    fn own(&self, embeddings: &Tensor) -> Result<Tensor>;
    /// The embeddings `[B, D]` of all processes, and the row of this one's first.
    ///
    /// # Errors
    /// If another process fails.
    fn gather(&self, own: &Tensor) -> Result<(Tensor, i64)>;
    /// The rows `[b, D]` of this process in the sum of the gradients `[B, D]` of all.
    ///
    /// # Errors
    /// If another process fails.
    fn sum_rows(&self, gradient: &Tensor) -> Result<Tensor>;
}

/// The embeddings on which a process computes the loss.
#[derive(Clone, Copy)]
pub enum Sharing<'a> {
    /// There is one process.
    Alone,
    /// Each process has images and captions of all, so its gradients are complete.
    Gathered(&'a dyn Peers),
    /// Each process has its own images and the captions of all; gradients of captions are summed.
    Striped(&'a dyn Peers),
}
