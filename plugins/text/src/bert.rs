//! BERT (Devlin et al., 2018, <https://arxiv.org/abs/1810.04805>) and DistilBERT as in Hugging Face.

mod settings;

use clip_lab_nn::{Block, LayerNorm, Linear, LinearInit, Mask, Packing, blocks, dropout, normal};
use clip_lab_plugin_api::prelude::*;

use crate::tokens::{embed, fits};
pub use settings::{Bert, BertPool};

/// Standard deviation of all initial weights.
const STDEV: f64 = 0.02;

/// The encoder. Variables: `embeddings.{word,position,token_type,norm}`, `blocks.I`, `head.pooler`.
#[derive(Debug)]
struct BertEncoder {
    embeddings: Embeddings,
    blocks: Vec<Block>,
    pooler: Option<Linear>,
    settings: Bert,
}

impl Plugin<dyn TextEncoder> for Bert {
    fn properties(&self) -> TextProperties {
        TextProperties { width: self.width, context: self.context, vocab: self.vocab }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn TextEncoder>> {
        let path = &(&vars / "head") / "pooler";
        let pooler = || Linear::new(&path, self.width, self.width, true, LinearInit::normal(STDEV));
        Ok(Box::new(BertEncoder {
            embeddings: Embeddings::new(&(&vars / "embeddings"), self)?,
            blocks: blocks(&(&vars / "blocks"), self.depth, &self.block())?,
            pooler: (self.pool == BertPool::Pooler).then(pooler).transpose()?,
            settings: self.clone(),
        }))
    }
}

impl TextEncoder for BertEncoder {
    fn encode(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor> {
        fits(tokens, "bert", self.settings.context)?;
        let packing = Packing::new(&tokens.mask)?;
        let mut x = self.embeddings.forward(&tokens.ids, &packing, mode.train())?; // [T, W]
        for block in &self.blocks {
            x = block.forward_packed(&x, Mask::Keys(&tokens.mask), &packing, mode.train())?;
        }
        let x = packing.pad(&x)?; // [B, L, W]
        match &self.pooler {
            Some(pooler) => Ok(pooler.forward(&x.f_select(1, 0)?)?.f_tanh()?),
            None if self.settings.pool == BertPool::Mean => mean(&x, &tokens.mask),
            None => Ok(x.f_select(1, 0)?),
        }
    }

    fn width(&self) -> i64 {
        self.settings.width
    }

    fn layers(&self) -> Vec<String> {
        let blocks = (0..self.settings.depth).map(|i| format!("blocks.{i}"));
        let head = self.pooler.is_some().then(|| "head".to_owned());
        std::iter::once("embeddings".to_owned()).chain(blocks).chain(head).collect()
    }
}

/// Mean over the non-padding tokens: `[B, L, W]` and `[B, L]` to `[B, W]`.
fn mean(x: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let weight = mask.f_to_kind(x.kind())?.f_unsqueeze(-1)?; // [B, L, 1]
    let count = weight.f_sum_dim_intlist(1, false, None)?.f_clamp_min(1.0)?; // [B, 1]
    Ok(x.f_mul(&weight)?.f_sum_dim_intlist(1, false, None)?.f_div(&count)?)
}

/// Word, position and token-type embeddings. Variables: `word` `[vocab, W]`, `position` `[context, W]`, `token_type`
/// `[token_types, W]`, `norm`.
#[derive(Debug)]
struct Embeddings {
    word: Tensor,
    position: Tensor,
    token_type: Option<Tensor>,
    norm: LayerNorm,
    dropout: f64,
}

impl Embeddings {
    fn new(vars: &nn::Path<'_>, settings: &Bert) -> Result<Self> {
        let table = |name, rows| vars.f_var(name, &[rows, settings.width], normal(STDEV));
        let types = settings.token_types;
        Ok(Self {
            word: table("word", settings.vocab)?,
            position: table("position", settings.context)?,
            token_type: (types > 0).then(|| table("token_type", types)).transpose()?,
            norm: LayerNorm::new(&(vars / "norm"), settings.width, settings.norm_eps)?,
            dropout: settings.dropout,
        })
    }

    /// `[B, L]` to packed `[T, W]`. A caption is one segment, so every token has the first type.
    fn forward(&self, ids: &Tensor, packing: &Packing, train: bool) -> Result<Tensor> {
        let position = packing.positions(&self.position, ids.size()[1])?;
        let mut x = embed(&self.word, &packing.pack(ids)?)?.f_add(&position)?;
        if let Some(types) = &self.token_type {
            x = x.f_add(&types.f_select(0, 0)?)?;
        }
        dropout(self.norm.forward(&x)?, self.dropout, train)
    }
}
