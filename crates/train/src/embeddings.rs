//! Separates the towers from the loss (GradCache).
//!
//! The loss is computed on the embeddings of a batch as leaves; its gradient with respect to them is then backpropagated
//! through the towers. With one micro-batch the towers' graph is kept until then. With several, they are embedded without
//! a graph first and again with it once the gradient is known, so activations take the memory of one micro-batch:
//! GradCache, <https://arxiv.org/abs/2101.06983>.

use anyhow::Result;
use clip_lab_plugin_api::Scored;
use tch::Tensor;

use super::{
    scalars::LossCheck,
    sharing::{Peers, Sharing},
};

/// Embeddings `[b, D]` of the micro-batch with this index. Calls with the same index must draw the same random numbers.
pub type Embed<'a> = &'a dyn Fn(usize) -> Result<Tensor>;

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
    /// What the processes of a batch share.
    pub sharing: Sharing<'a>,
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
        let image = Embeddings::forward(self.image, self.micro_batches)?;
        let text = Embeddings::forward(self.text, self.micro_batches)?;
        let (image, text) = match self.sharing {
            Sharing::Alone => (image, text),
            Sharing::Gathered(peers) => (image.gathered(peers)?, text.gathered(peers)?),
            Sharing::Striped(peers) => (image.own(peers)?, text.gathered(peers)?.summed(peers)),
        };
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
    rows: Rows<'a>,
}

/// How the gradient of the leaves becomes that of the embeddings of this process.
enum Rows<'a> {
    /// All leaves are its own.
    All,
    /// Its own are so many from this row on.
    From(i64, i64),
    /// The gradients of all processes are summed.
    Summed(&'a dyn Peers),
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
            return Ok(Self { embed, leaves, graph: Some(rows), lengths: Vec::new(), rows: Rows::All });
        }
        if micro_batches == 0 {
            let leaves = Tensor::new();
            return Ok(Self { embed, leaves, graph: None, lengths: Vec::new(), rows: Rows::All });
        }
        let without_graph = |k| tch::no_grad(|| clip_lab_torch_ext::uncounted(|| embed(k)));
        let rows = (0..micro_batches).map(without_graph).collect::<Result<Vec<_>>>()?;
        let lengths = rows.iter().map(|rows| rows.size()[0]).collect();
        let leaves = Tensor::f_cat(&rows, 0)?.f_set_requires_grad(true)?;
        Ok(Self { embed, leaves, graph: None, lengths, rows: Rows::All })
    }

    /// Adds the embeddings of the other processes to the leaves.
    ///
    /// # Errors
    /// If another process fails.
    fn gathered(self, peers: &dyn Peers) -> Result<Self> {
        let own = peers.own(&self.leaves)?;
        let (all, first) = peers.gather(&own)?;
        Ok(Self { leaves: all.f_set_requires_grad(true)?, rows: Rows::From(first, own.size()[0]), ..self })
    }

    /// Gives the leaves a shape if there are none.
    fn own(self, peers: &dyn Peers) -> Result<Self> {
        let leaves = peers.own(&self.leaves)?.f_detach()?.f_set_requires_grad(true)?;
        Ok(Self { leaves, ..self })
    }

    /// Sums the gradients of the leaves over the processes.
    fn summed(self, peers: &'a dyn Peers) -> Self {
        Self { rows: Rows::Summed(peers), ..self }
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
        let gradient = match self.rows {
            // The others wait for a sum also if this process has no gradient.
            Rows::Summed(peers) if !gradient.defined() => peers.sum_rows(&self.leaves.f_zeros_like()?)?,
            Rows::Summed(peers) => peers.sum_rows(&gradient)?,
            _ if !gradient.defined() => return Ok(()),
            Rows::From(first, rows) => gradient.f_narrow(0, first, rows)?,
            Rows::All => gradient,
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
