//! Gradients of a whole batch in the memory of a part.
//!
//! A contrastive loss needs all embeddings of a batch at once, but not what the towers computed on the way. GradCache,
//! <https://arxiv.org/abs/2101.06983>: the embeddings of every part are computed without gradients and the loss tells
//! how it changes with each of them; then every part goes through the towers again, with the same random numbers, and
//! its embeddings pass that on to the weights.

use anyhow::Result;
use clip_lab_api::Scored;
use clip_lab_torch::RandomState;
use tch::{Device, Tensor};

/// Embeddings `[b, D]` of a part of the batch, by its number.
pub type Embed<'a> = &'a dyn Fn(usize) -> Result<Tensor>;

/// Two towers over a batch in parts. What they give for a part depends on the weights and on random numbers only.
pub struct GradCache<'a> {
    /// Embeddings of the pictures of a part.
    pub image: Embed<'a>,
    /// Embeddings of the captions of a part.
    pub text: Embed<'a>,
    /// How many parts there are.
    pub parts: usize,
}

impl GradCache<'_> {
    /// Leaves in the parameters the gradients that one pass of the whole batch would leave, and gives the loss; without
    /// gradients when it is not finite. `score` gives the loss of all embeddings, `[B, D]` each, and `backward`
    /// differentiates it. `buffers` (running statistics) move in the first pass only, and the random generators of
    /// `device` end where that pass left them.
    ///
    /// # Errors
    /// Those of the towers and of the loss.
    pub fn gradients(
        &self,
        score: &dyn Fn(&Tensor, &Tensor) -> Result<Scored>,
        backward: &dyn Fn(&Tensor) -> Result<()>,
        buffers: &[(String, Tensor)],
        device: Device,
    ) -> Result<(f64, Scored)> {
        let image = Side::look(self.image, self.parts, device)?;
        let text = Side::look(self.text, self.parts, device)?;
        let moved = Moved::take(buffers, device)?;
        let mut scored = score(&image.embeddings, &text.embeddings)?;
        // A wait for the device.
        let loss = scored.loss.double_value(&[]);
        if loss.is_finite() {
            backward(&scored.loss)?;
            image.again(self.image)?;
            text.again(self.text)?;
            moved.put_back(buffers)?;
        }
        scored.loss = scored.loss.f_detach()?;
        Ok((loss, scored))
    }
}

/// The embeddings of a batch from one tower, and where the random generators stood before each part.
struct Side {
    embeddings: Tensor,
    states: Vec<RandomState>,
    lengths: Vec<i64>,
}

impl Side {
    fn look(embed: Embed, parts: usize, device: Device) -> Result<Self> {
        let (mut rows, mut states) = (Vec::new(), Vec::new());
        for part in 0..parts {
            states.push(RandomState::take(device)?);
            rows.push(tch::no_grad(|| clip_lab_torch::uncounted(|| embed(part)))?);
        }
        let lengths = rows.iter().map(|rows| rows.size()[0]).collect();
        Ok(Self { embeddings: Tensor::f_cat(&rows, 0)?.f_set_requires_grad(true)?, states, lengths })
    }

    /// Every part again, with gradients: those of the sum of embedding times gradient are those of the loss.
    fn again(&self, embed: Embed) -> Result<()> {
        let gradient = self.embeddings.f_grad()?;
        let gradients =
            if gradient.defined() { gradient.f_split_with_sizes(&self.lengths[..], 0)? } else { vec![] };
        for (part, (gradient, state)) in gradients.iter().zip(&self.states).enumerate() {
            state.set()?;
            let rows = embed(part)?;
            if !rows.requires_grad() {
                // Nothing on this side learns.
                return Ok(());
            }
            rows.f_mul(gradient)?.f_sum(None)?.f_backward()?;
        }
        Ok(())
    }
}

/// What the first pass left behind: running statistics and the place of the random generators.
struct Moved {
    buffers: Vec<Tensor>,
    state: RandomState,
}

impl Moved {
    fn take(buffers: &[(String, Tensor)], device: Device) -> Result<Self> {
        let copies = buffers.iter().map(|(_, buffer)| buffer.copy()).collect();
        Ok(Self { buffers: copies, state: RandomState::take(device)? })
    }

    fn put_back(&self, buffers: &[(String, Tensor)]) -> Result<()> {
        for ((_, buffer), copy) in buffers.iter().zip(&self.buffers) {
            tch::no_grad(|| buffer.shallow_clone().f_copy_(copy))?;
        }
        self.state.set()
    }
}
