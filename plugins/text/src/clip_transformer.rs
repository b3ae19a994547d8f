//! The text transformer of CLIP (Radford et al., 2021, <https://arxiv.org/abs/2103.00020>) as in OpenAI's code,
//! open_clip and Hugging Face.

mod settings;

use clip_lab_nn::{Block, LayerNorm, Mask, Packing, blocks, dropout, normal};
use clip_lab_plugin_api::prelude::*;

use crate::tokens::{embed, fits};
pub use settings::{ClipTransformer, TextPool};

/// The encoder. Variables: `embeddings.{word,position}`, `blocks.I`, `head.norm`.
#[derive(Debug)]
struct ClipTextEncoder {
    word: Tensor,
    position: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    settings: ClipTransformer,
}

impl Plugin<dyn TextEncoder> for ClipTransformer {
    fn properties(&self) -> TextProperties {
        TextProperties { width: self.width, context: self.context, vocab: self.vocab }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn TextEncoder>> {
        let embeddings = &vars / "embeddings";
        Ok(Box::new(ClipTextEncoder {
            word: embeddings.f_var("word", &[self.vocab, self.width], normal(0.02))?,
            position: embeddings.f_var("position", &[self.context, self.width], normal(0.01))?,
            blocks: blocks(&(&vars / "blocks"), self.depth, &self.block())?,
            norm: LayerNorm::new(&(&(&vars / "head") / "norm"), self.width, self.norm_eps)?,
            settings: self.clone(),
        }))
    }
}

impl TextEncoder for ClipTextEncoder {
    fn encode(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor> {
        let (_, length) = fits(tokens, "clip_transformer", self.settings.context)?;
        let packing = Packing::new(&tokens.mask)?;
        let position = packing.positions(&self.position, length)?;
        let x = embed(&self.word, &packing.pack(&tokens.ids)?)?.f_add(&position)?; // [T, W]
        let mut x = dropout(x, self.settings.dropout, mode.train())?;
        // Padding comes last, so with causal attention no real token attends to it.
        let mask = if self.settings.causal { Mask::Causal } else { Mask::Keys(&tokens.mask) };
        for block in &self.blocks {
            x = block.forward_packed(&x, mask, &packing, mode.train())?;
        }
        // The norm acts on each token alone, so the pooled token is picked before it.
        self.norm.forward(&self.pick(&packing.pad(&x)?, tokens)?)
    }

    fn width(&self) -> i64 {
        self.settings.width
    }

    fn layers(&self) -> Vec<String> {
        let blocks = (0..self.settings.depth).map(|i| format!("blocks.{i}"));
        std::iter::once("embeddings".to_owned()).chain(blocks).chain(["head".to_owned()]).collect()
    }
}

impl ClipTextEncoder {
    /// The pooled token: `[B, L, W]` to `[B, W]`.
    fn pick(&self, x: &Tensor, tokens: &Tokens) -> Result<Tensor> {
        let index = self
            .pooled_position(tokens)?
            .f_unsqueeze(-1)?
            .f_unsqueeze(-1)?
            .f_expand_as(&x.f_narrow(1, 0, 1)?)?;
        Ok(x.f_gather(1, &index, false)?.f_squeeze_dim(1)?)
    }

    /// Position of the pooled token in each text, `[B]`: the argmax of a score. All scores differ, so the result does
    /// not depend on how a device breaks ties; padding scores below every token.
    fn pooled_position(&self, tokens: &Tokens) -> Result<Tensor> {
        let Tokens { ids, mask } = tokens;
        let length = ids.size()[1];
        let position = ids.f_ones_like()?.f_cumsum(1, DType::Int64)?.f_sub_scalar(1)?; // [B, L]
        let score = match self.settings.pool {
            TextPool::Last => position,
            TextPool::Argmax => ids.f_mul_scalar(length)?.f_sub(&position)?,
            // The first end token, or the last token of a text without one.
            TextPool::Eos => {
                let first = position.f_neg()?.f_add_scalar(2 * length)?;
                first.f_where_self(&ids.f_eq(self.settings.eos_id)?, &position)?
            }
        };
        let padding = mask.f_logical_not()?;
        Ok(score.f_masked_fill(&padding, -length - 1)?.f_argmax(1, false)?)
    }
}
