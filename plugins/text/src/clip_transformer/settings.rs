//! Settings of CLIP's text transformer.

use clip_lab_nn::{Activation, AttentionConfig, BlockConfig, BlockInit, NormOrder, sizes};
use clip_lab_plugin_api::prelude::*;

/// Which token represents the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextPool {
    /// The token with the highest id, which is the end token in CLIP's vocabulary: OpenAI, open_clip.
    #[default]
    Argmax,
    /// The first token with the id `eos_id`, or the last token if there is none: Hugging Face.
    Eos,
    /// The last token: SigLIP.
    Last,
}

/// CLIP's text transformer. The defaults are those of ViT-B/32 and RN50, with QuickGELU as in OpenAI's weights.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClipTransformer {
    /// Vocabulary size.
    pub vocab: i64,
    /// Maximum number of tokens of a text.
    pub context: i64,
    /// Width of the tokens and of the features.
    pub width: i64,
    /// Number of transformer blocks.
    pub depth: i64,
    /// Attention heads; must divide the width.
    pub heads: i64,
    /// Hidden width of the MLP as a multiple of the width, rounded.
    pub mlp_ratio: f64,
    /// Activation of the MLP.
    pub activation: Activation,
    /// Whether attention is causal: a token attends only to itself and earlier tokens.
    pub causal: bool,
    /// Which token represents the text.
    pub pool: TextPool,
    /// The end token used by `pool = "eos"`.
    pub eos_id: i64,
    /// Epsilon of the norms.
    pub norm_eps: f64,
    /// Dropout probability after the embeddings and at the end of each residual branch.
    pub dropout: f64,
    /// Dropout probability of the attention weights.
    pub attention_dropout: f64,
    /// Stochastic depth: probability of dropping a residual branch of a sample; rises linearly from 0 at the first
    /// block to this value at the last.
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
    fn check(&self, problems: &mut Problems) {
        let own = sizes(&[("vocab", self.vocab), ("context", self.context), ("depth", self.depth)]);
        for (key, message) in own.into_iter().chain(self.block().problems("mlp_ratio")) {
            problems.require(false, key, message);
        }
        let valid = self.pool != TextPool::Eos || (0..self.vocab).contains(&self.eos_id);
        problems.require(valid, "eos_id", format!("must be a token id below vocab, {}", self.vocab));
    }
}

impl ClipTransformer {
    /// Hidden width of the MLP.
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
