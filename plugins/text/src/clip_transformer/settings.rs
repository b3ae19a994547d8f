//! What a spec says about CLIP's text transformer.

use clip_lab_api::prelude::*;
use clip_lab_blocks::{Activation, AttentionConfig, BlockConfig, BlockInit, NormOrder, sizes};

/// Which token stands for the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextPool {
    /// The one with the highest id, which is the end token in CLIP's vocabulary: OpenAI, open_clip.
    #[default]
    Argmax,
    /// The first with the id `eos_id`, or the last token where none has it: Hugging Face.
    Eos,
    /// The last: SigLIP.
    Last,
}

/// CLIP's text transformer. The defaults are those of ViT-B/32 and RN50, with QuickGELU as OpenAI trained them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClipTransformer {
    /// Number of token ids.
    pub vocab: i64,
    /// The most tokens a text may have.
    pub context: i64,
    /// Width of the tokens and of the features.
    pub width: i64,
    /// Number of transformer blocks.
    pub depth: i64,
    /// Attention heads; divides the width.
    pub heads: i64,
    /// Width inside the MLP as a multiple of the width, rounded.
    pub mlp_ratio: f64,
    /// Activation of the MLP.
    pub activation: Activation,
    /// Whether a token sees only itself and those before it.
    pub causal: bool,
    /// Which token stands for the text.
    pub pool: TextPool,
    /// The end token that `pool = "eos"` looks for.
    pub eos_id: i64,
    /// Epsilon of the norms.
    pub norm_eps: f64,
    /// Probability of dropping a value of the embeddings and at the end of a residual branch.
    pub dropout: f64,
    /// Probability of dropping an attention weight.
    pub attention_dropout: f64,
    /// Stochastic depth: probability of dropping a residual branch of a sample, growing linearly from 0 at the first
    /// block to this at the last.
    pub drop_path: f64,
}

impl Default for ClipTransformer {
    fn default() -> Self {
        Self {
            vocab: 49408,
            context: 77,
            width: 512,
            depth: 12,
            heads: 8,
            mlp_ratio: 4.0,
            activation: Activation::QuickGelu,
            causal: true,
            pool: TextPool::Argmax,
            eos_id: 49407,
            norm_eps: 1e-5,
            dropout: 0.0,
            attention_dropout: 0.0,
            drop_path: 0.0,
        }
    }
}

impl Settings for ClipTransformer {
    fn check(&self, faults: &mut Faults) {
        let own = sizes(&[("vocab", self.vocab), ("context", self.context), ("depth", self.depth)]);
        for (key, words) in own.into_iter().chain(self.block().faults("mlp_ratio")) {
            faults.require(false, key, words);
        }
        let known = self.pool != TextPool::Eos || (0..self.vocab).contains(&self.eos_id);
        faults.require(known, "eos_id", format!("must be a token id below vocab, {}", self.vocab));
    }
}

impl ClipTransformer {
    /// Width inside the MLP.
    pub fn mlp_dim(&self) -> i64 {
        (self.width as f64 * self.mlp_ratio).round() as i64
    }

    pub(super) fn block(&self) -> BlockConfig {
        let Self { width, heads, depth, .. } = *self;
        BlockConfig {
            attention: AttentionConfig { width, heads, qkv_bias: true, dropout: self.attention_dropout },
            mlp_dim: self.mlp_dim(),
            activation: self.activation,
            norm_eps: self.norm_eps,
            order: NormOrder::Pre,
            layer_scale: None,
            dropout: self.dropout,
            drop_path: self.drop_path,
            init: BlockInit::clip_text(width, depth, self.mlp_dim()),
        }
    }
}
