//! Losses over pairs that several processes divide among themselves.

use anyhow::{Result, ensure};
use tch::Tensor;

use super::{Pair, Scored};

/// The pairs of one process in a batch of several: its own images beside the captions of all. In the similarity matrix,
/// images by captions, this is a stripe of rows.
#[derive(Debug, Clone, Copy)]
pub struct Stripe<'a> {
    /// Image embeddings of this process, `[b, D]`; b is 0 if it has no pairs.
    pub image: &'a Tensor,
    /// Caption embeddings of the whole batch, `[B, D]`.
    pub text: &'a Tensor,
    /// The row of the first image in the batch: image i matches caption `first + i`.
    pub first: i64,
    /// [`Pair::group`] of the whole batch, `[B]`.
    pub group: Option<&'a Tensor>,
}

impl<'a> Stripe<'a> {
    /// The only stripe of a batch.
    pub fn whole(pair: &Pair<'a>) -> Self {
        Self { image: pair.image, text: pair.text, first: 0, group: pair.group }
    }

    /// The pairs of the whole batch.
    pub fn batch(&self) -> i64 {
        self.text.size().first().copied().unwrap_or(0)
    }

    /// Checks that the embeddings are matrices of equal width, and that every image has its caption.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn check(&self) -> Result<()> {
        let (image, text, first) = (self.image.size(), self.text.size(), self.first);
        let fits = image.len() == 2 && text.len() == 2 && image[1] == text[1];
        ensure!(
            fits && first >= 0 && first + image[0] <= text[0],
            "a stripe from row {first} does not fit: its images are {image:?}, the captions of the batch {text:?}"
        );
        Ok(())
    }
}

/// Combines tensors of the processes that divide a batch. All call the same methods in the same order, with tensors of one
/// shape and kind, and get the same bits. The results have no gradients.
pub trait AllReduce {
    /// The sum over the processes.
    ///
    /// # Errors
    /// When a process fails.
    fn sum(&self, own: &Tensor) -> Result<Tensor>;
    /// The largest of each element over the processes.
    ///
    /// # Errors
    /// When a process fails.
    fn max(&self, own: &Tensor) -> Result<Tensor>;
}

/// A loss over pairs of which every process computes the rows of its own images, so that N processes share the work; see
/// [`PairLoss::striped`](super::PairLoss::striped).
pub trait StripedLoss {
    /// The loss of the whole batch, and the values to record, the same on every process. The gradients are this process's
    /// terms: the sums over all processes are those of [`PairLoss::score`](super::PairLoss::score), for the images, the
    /// captions and the loss's own parameters.
    ///
    /// # Errors
    /// If the shapes do not fit, or another process fails.
    fn score_stripe(&self, stripe: &Stripe, all: &dyn AllReduce) -> Result<Scored>;
}
