//! Separates the towers from the loss (GradCache).
//!
//! The loss is computed on the embeddings of a batch as leaves; its gradient with respect to them is then backpropagated
//! through the towers. With one micro-batch the towers' graph is kept until then. With several, they are embedded without
//! a graph first and again with it once the gradient is known, so activations take the memory of one micro-batch:
//! GradCache, <https://arxiv.org/abs/2101.06983>.

use anyhow::Result;
use clip_lab_plugin_api::Scored;
use tch::Tensor;

use super::scalars::LossCheck;

/// Embeddings `[b, D]` of the micro-batch with this index. Calls with the same index must draw the same random numbers.
pub type Embed<'a> = &'a dyn Fn(usize) -> Result<Tensor>;

/// The embeddings `[B, D]` of all processes, and the row of the first of `own`: `[b, D]`, undefined if b is 0.
pub type Gather<'a> = &'a dyn Fn(&Tensor) -> Result<(Tensor, i64)>;

/// Two towers over the micro-batches of a batch.
pub struct Towers<'a> {
    /// Embeds the images of a micro-batch.
    pub image: Embed<'a>,
    /// Embeds the captions of a micro-batch.
    pub text: Embed<'a>,
    /// Number of micro-batches.
    pub micro_batches: usize,
    /// When the loss is checked.
    pub loss_check: LossCheck,
    /// Adds the embeddings of the other processes; none if there are none.
    pub gather: Option<Gather<'a>>,
}

impl Towers<'_> {
    /// Adds the gradients of the loss to the parameters and returns the loss. With [`LossCheck::BeforeBackward`] a
    /// non-finite loss adds none. `score` computes the loss of all embeddings, `[B, D]` each, and `backward`
    /// differentiates it. `buffers` (running statistics of batch norm) change in the first pass only.
    ///
    /// # Errors
    /// If a tower or the loss fails.
    pub fn gradients(
        &self,
        score: &dyn Fn(&Tensor, &Tensor) -> Result<Scored>,
        backward: &dyn Fn(&Tensor) -> Result<()>,
        buffers: &[(String, Tensor)],
    ) -> Result<Scored> {
        let image = Embeddings::forward(self.image, self.micro_batches)?.gathered(self.gather)?;
        let text = Embeddings::forward(self.text, self.micro_batches)?.gathered(self.gather)?;
        let after_first_pass = if self.micro_batches > 1 { copies(buffers) } else { Vec::new() };
        let mut scored = score(image.leaves(), text.leaves())?;
        if !self.loss_check.stops(&scored.loss)? {
            backward(&scored.loss)?;
            image.backward()?;
            text.backward()?;
            restore(buffers, &after_first_pass)?;
        }
        scored.loss = scored.loss.f_detach()?;
        Ok(scored)
    }
}

/// Embeddings of a batch, detached from the graph of their tower.
pub struct Embeddings<'a> {
    embed: Embed<'a>,
    leaves: Tensor,
    /// The same with their graph, if one micro-batch is the whole batch.
    graph: Option<Tensor>,
    lengths: Vec<i64>,
    /// The first and the number of our rows among the leaves; none if all are ours.
    own: Option<(i64, i64)>,
}

impl<'a> Embeddings<'a> {
    /// Embeds every micro-batch. The leaves of none are undefined.
    ///
    /// # Errors
    /// If the tower fails.
    pub fn forward(embed: Embed<'a>, micro_batches: usize) -> Result<Self> {
        if micro_batches == 1 {
            let rows = embed(0)?;
            let leaves = rows.f_detach()?.f_set_requires_grad(true)?;
            return Ok(Self { embed, leaves, graph: Some(rows), lengths: Vec::new(), own: None });
        }
        if micro_batches == 0 {
            return Ok(Self { embed, leaves: Tensor::new(), graph: None, lengths: Vec::new(), own: None });
        }
        let without_graph = |k| tch::no_grad(|| clip_lab_torch_ext::uncounted(|| embed(k)));
        let rows = (0..micro_batches).map(without_graph).collect::<Result<Vec<_>>>()?;
        let lengths = rows.iter().map(|rows| rows.size()[0]).collect();
        let leaves = Tensor::f_cat(&rows, 0)?.f_set_requires_grad(true)?;
        Ok(Self { embed, leaves, graph: None, lengths, own: None })
    }

    /// Adds the embeddings of the other processes to the leaves.
    ///
    /// # Errors
    /// If another process fails.
    pub fn gathered(self, gather: Option<Gather>) -> Result<Self> {
        let Some(gather) = gather else { return Ok(self) };
        let rows = if self.leaves.defined() { self.leaves.size()[0] } else { 0 };
        let (all, first) = gather(&self.leaves)?;
        Ok(Self { leaves: all.f_set_requires_grad(true)?, own: Some((first, rows)), ..self })
    }

    /// Leaf embeddings for the loss, `[B, D]`.
    pub fn leaves(&self) -> &Tensor {
        &self.leaves
    }

    /// Backpropagates the gradient of the leaves to the tower's parameters.
    ///
    /// # Errors
    /// If the tower fails in its second pass.
    pub fn backward(&self) -> Result<()> {
        let gradient = self.leaves.f_grad()?;
        if !gradient.defined() {
            return Ok(());
        }
        let gradient = match self.own {
            Some((first, rows)) => gradient.f_narrow(0, first, rows)?,
            None => gradient,
        };
        if let Some(rows) = &self.graph {
            return backpropagate(rows, &gradient);
        }
        for (k, gradient) in gradient.f_split_with_sizes(&self.lengths[..], 0)?.iter().enumerate() {
            let rows = (self.embed)(k)?;
            if !rows.requires_grad() {
                return Ok(()); // this tower is frozen
            }
            backpropagate(&rows, gradient)?;
        }
        Ok(())
    }
}

/// Backpropagates `gradient`, that of the loss with respect to `rows`, as the gradient of `sum(rows * gradient)`.
fn backpropagate(rows: &Tensor, gradient: &Tensor) -> Result<()> {
    if rows.requires_grad() {
        rows.f_mul(gradient)?.f_sum(None)?.f_backward()?;
    }
    Ok(())
}

/// Copies of buffers.
pub(crate) fn copies(buffers: &[(String, Tensor)]) -> Vec<Tensor> {
    buffers.iter().map(|(_, buffer)| buffer.copy()).collect()
}

fn restore(buffers: &[(String, Tensor)], copies: &[Tensor]) -> Result<()> {
    for ((_, buffer), copy) in buffers.iter().zip(copies) {
        tch::no_grad(|| buffer.shallow_clone().f_copy_(copy))?;
    }
    Ok(())
}
