//! Settings of BERT.

use clip_lab_nn::{Activation, AttentionConfig, BlockConfig, BlockInit, NormOrder, sizes};
use clip_lab_plugin_api::prelude::*;

/// How the tokens are pooled into one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BertPool {
    /// The first token, `[CLS]`.
    #[default]
    Cls,
    /// The mean over the non-padding tokens: sentence transformers.
    Mean,
    /// The first token through a linear layer and tanh: the pooler that BERT was pretrained with.
    Pooler,
}

/// BERT: a bidirectional transformer over word pieces. The defaults are BERT base, uncased. For DistilBERT set
/// `token_types = 0` and `depth = 6`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bert {
    /// Vocabulary size.
    pub vocab: i64,
    /// Maximum number of tokens of a text.
    pub context: i64,
    /// Rows of the token-type embedding; 0 for none, as in DistilBERT.
    pub token_types: i64,
    /// Width of the tokens and of the features.
    pub width: i64,
    /// Number of transformer blocks.
    pub depth: i64,
    /// Attention heads; must divide the width.
    pub heads: i64,
    /// Hidden width of the MLP.
    pub mlp_dim: i64,
    /// Activation of the MLP.
    pub activation: Activation,
    /// How the tokens are pooled into one feature.
    pub pool: BertPool,
    /// Epsilon of the norms.
    pub norm_eps: f64,
    /// Dropout probability after the embeddings and at the end of each residual branch.
    pub dropout: f64,
    /// Dropout probability of the attention weights.
    pub attention_dropout: f64,
}

impl Default for Bert {
    fn default() -> Self {
        Self {
            vocab: 30522,
            context: 512,
            token_types: 2,
            width: 768,
            depth: 12,
            heads: 12,
            mlp_dim: 3072,
            activation: Activation::Gelu,
            pool: BertPool::Cls,
            norm_eps: 1e-12,
            dropout: 0.1,
            attention_dropout: 0.1,
        }
    }
}

impl Settings for Bert {
    fn check(&self, problems: &mut Problems) {
        let own = sizes(&[("vocab", self.vocab), ("context", self.context), ("depth", self.depth)]);
        for (key, message) in own.into_iter().chain(self.block().problems("mlp_dim")) {
            problems.require(false, key, message);
        }
        problems.require(
            (0..=1024).contains(&self.token_types),
            "token_types",
            "must be from 0 (none) to 1024",
        );
    }
}

impl Bert {
    pub(super) fn block(&self) -> BlockConfig {
        let Self { width, heads, .. } = *self;
        BlockConfig {
            attention: AttentionConfig { width, heads, qkv_bias: true, dropout: self.attention_dropout },
            mlp_dim: self.mlp_dim,
            activation: self.activation,
            norm_eps: self.norm_eps,
            order: NormOrder::Post,
            layer_scale: None,
            dropout: self.dropout,
            drop_path: 0.0,
            init: BlockInit::normal(super::STDEV),
        }
    }
}
