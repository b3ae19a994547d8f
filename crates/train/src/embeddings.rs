//! The cut between towers and loss.
//!
//! The loss sees the embeddings of a batch as leaves; its gradient with respect to them is handed back to the towers.
//! One micro-batch keeps the towers' graph until then. Several are embedded without a graph first and once more with it
//! when the gradient is known, so that activations take the memory of one micro-batch: GradCache,
//! <https://arxiv.org/abs/2101.06983>.

use anyhow::Result;
use clip_lab_plugin_api::Scored;
use tch::Tensor;

/// Embeddings `[b, D]` of a micro-batch, by its number. Called again with the same number, it must draw the same random
/// numbers.
pub type Embed<'a> = &'a dyn Fn(usize) -> Result<Tensor>;

/// Two towers over the micro-batches of a batch.
pub struct Towers<'a> {
    /// Embeds the images of a micro-batch.
    pub image: Embed<'a>,
    /// Embeds the captions of a micro-batch.
    pub text: Embed<'a>,
    /// Micro-batches in the batch.
    pub micro_batches: usize,
}

impl Towers<'_> {
    /// Adds the gradients of the loss to the parameters and returns the loss; a loss that is not finite leaves none.
    /// `score` computes the loss of all embeddings, `[B, D]` each, and `backward` differentiates it. `buffers` (running
    /// statistics of batch norm) change in the first pass only.
    ///
    /// # Errors
    /// When a tower or the loss fails.
    pub fn gradients(
        &self,
        score: &dyn Fn(&Tensor, &Tensor) -> Result<Scored>,
        backward: &dyn Fn(&Tensor) -> Result<()>,
        buffers: &[(String, Tensor)],
    ) -> Result<(f64, Scored)> {
        let image = Embeddings::forward(self.image, self.micro_batches)?;
        let text = Embeddings::forward(self.text, self.micro_batches)?;
        let after_first_pass = if self.micro_batches > 1 { copies(buffers) } else { Vec::new() };
        let mut scored = score(image.leaves(), text.leaves())?;
        // Waits for the device.
        let loss = scored.loss.double_value(&[]);
        if loss.is_finite() {
            backward(&scored.loss)?;
            image.backward()?;
            text.backward()?;
            restore(buffers, &after_first_pass)?;
        }
        scored.loss = scored.loss.f_detach()?;
        Ok((loss, scored))
    }
}

/// Embeddings of a batch, cut off from the graph of the tower that computed them.
pub struct Embeddings<'a> {
    embed: Embed<'a>,
    leaves: Tensor,
    /// The same with their graph, where one micro-batch is the whole batch.
    graph: Option<Tensor>,
    lengths: Vec<i64>,
}

impl<'a> Embeddings<'a> {
    /// Embeds every micro-batch.
    ///
    /// # Errors
    /// When the tower fails.
    pub fn forward(embed: Embed<'a>, micro_batches: usize) -> Result<Self> {
        if micro_batches == 1 {
            let rows = embed(0)?;
            let leaves = rows.f_detach()?.f_set_requires_grad(true)?;
            return Ok(Self { embed, leaves, graph: Some(rows), lengths: Vec::new() });
        }
        let without_graph = |k| tch::no_grad(|| clip_lab_torch_ext::uncounted(|| embed(k)));
        let rows = (0..micro_batches).map(without_graph).collect::<Result<Vec<_>>>()?;
        let lengths = rows.iter().map(|rows| rows.size()[0]).collect();
        Ok(Self { embed, leaves: Tensor::f_cat(&rows, 0)?.f_set_requires_grad(true)?, graph: None, lengths })
    }

    /// What the loss is computed on, `[B, D]`.
    pub fn leaves(&self) -> &Tensor {
        &self.leaves
    }

    /// Hands the gradient of the leaves back to the tower's parameters.
    ///
    /// # Errors
    /// When the tower fails in its second pass.
    pub fn backward(&self) -> Result<()> {
        let gradient = self.leaves.f_grad()?;
        if !gradient.defined() {
            return Ok(());
        }
        if let Some(rows) = &self.graph {
            return differentiate(rows, &gradient);
        }
        for (k, gradient) in gradient.f_split_with_sizes(&self.lengths[..], 0)?.iter().enumerate() {
            let rows = (self.embed)(k)?;
            if !rows.requires_grad() {
                return Ok(()); // nothing on this side is trained
            }
            differentiate(&rows, gradient)?;
        }
        Ok(())
    }
}

/// The gradient of `sum(rows * gradient)` is that of a loss whose gradient with respect to `rows` is `gradient`.
fn differentiate(rows: &Tensor, gradient: &Tensor) -> Result<()> {
    if rows.requires_grad() {
        rows.f_mul(gradient)?.f_sum(None)?.f_backward()?;
    }
    Ok(())
}

fn copies(buffers: &[(String, Tensor)]) -> Vec<Tensor> {
    buffers.iter().map(|(_, buffer)| buffer.copy()).collect()
}

fn restore(buffers: &[(String, Tensor)], copies: &[Tensor]) -> Result<()> {
    for ((_, buffer), copy) in buffers.iter().zip(copies) {
        tch::no_grad(|| buffer.shallow_clone().f_copy_(copy))?;
    }
    Ok(())
}
