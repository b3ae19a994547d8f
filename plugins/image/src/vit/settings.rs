//! Settings of a vision transformer.

use clip_lab_nn::{Activation, AttentionConfig, BlockConfig, BlockInit, NormOrder, share, sizes};
use clip_lab_plugin_api::prelude::*;

/// How the tokens are pooled into one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The class token.
    #[default]
    Cls,
    /// The class token through one more layer and a tanh: the pooler of Hugging Face's `ViTModel`.
    Pooler,
    /// The mean of the patch tokens, without the class token.
    Avg,
    /// A learned query that attends to all tokens, followed by an MLP: the MAP head of big_vision and SigLIP.
    Attention,
}

/// Position of the final norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalNorm {
    /// As in timm: after pooling for `avg`, before it otherwise.
    #[default]
    Auto,
    /// On every token, before pooling.
    Tokens,
    /// On the pooled feature.
    Pooled,
    /// No final norm.
    None,
}

/// Initial values of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VitInit {
    /// Normal with a standard deviation of 0.02, biases zero: ViT in Hugging Face.
    #[default]
    Normal,
    /// The same for blocks and positions, 1e-6 for the class token, torch's defaults for the patch embedding: ViT in
    /// timm.
    Timm,
    /// OpenAI's: standard deviation `1 / sqrt(width)` for class token and positions, torch's defaults for the blocks.
    Clip,
}

/// Vision transformer: splits an image into patches and applies self-attention to them. The defaults are ViT-B/16.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Vit {
    /// Side of the square input images, in pixels.
    pub image_size: i64,
    /// Side of a patch, in pixels.
    pub patch_size: i64,
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
    /// How the tokens are pooled into one feature.
    pub pool: Pool,
    /// Position of the final norm.
    pub final_norm: FinalNorm,
    /// Whether there is a class token.
    pub cls_token: bool,
    /// Whether the class token has its own position embedding.
    pub cls_position: bool,
    /// Whether a norm follows the embeddings, before the first block, as in CLIP.
    pub pre_norm: bool,
    /// Whether the patch embedding has a bias; CLIP's has none.
    pub patch_bias: bool,
    /// Whether query, key and value have a bias.
    pub qkv_bias: bool,
    /// Initial value of a learned scale on each residual branch (LayerScale); 0 disables it.
    pub layer_scale: f64,
    /// Epsilon of the norms; by default 1e-5 with `init = "clip"`, as in OpenAI's CLIP, else 1e-6, as in timm and
    /// big_vision. Hugging Face's ViT has 1e-12.
    pub norm_eps: Option<f64>,
    /// Dropout probability after the embeddings and at the end of each residual branch.
    pub dropout: f64,
    /// Dropout probability of the attention weights.
    pub attention_dropout: f64,
    /// Stochastic depth: probability of dropping a residual branch of a sample; rises linearly from 0 at the first
    /// block to this value at the last.
    pub drop_path: f64,
    /// Fraction of patches dropped at random from each image during training (FLIP, open_clip's patch dropout); the
    /// class token is always kept.
    pub patch_dropout: f64,
    /// Initial values of the weights.
    pub init: VitInit,
}

impl Default for Vit {
    fn default() -> Self {
        Self {
            image_size: 224,
            patch_size: 16,
            width: 768,
            depth: 12,
            heads: 12,
            mlp_ratio: 4.0,
            activation: Activation::Gelu,
            pool: Pool::Cls,
            final_norm: FinalNorm::Auto,
            cls_token: true,
            cls_position: true,
            pre_norm: false,
            patch_bias: true,
            qkv_bias: true,
            layer_scale: 0.0,
            norm_eps: None,
            dropout: 0.0,
            attention_dropout: 0.0,
            drop_path: 0.0,
            patch_dropout: 0.0,
            init: VitInit::Normal,
        }
    }
}

impl Settings for Vit {
    fn check(&self, problems: &mut Problems) {
        let shared = self.block().problems("mlp_ratio");
        for (key, message) in sizes(&[("image_size", self.image_size), ("depth", self.depth)])
            .into_iter()
            .chain(shared)
            .chain(share("patch_dropout", self.patch_dropout))
        {
            problems.require(false, key, message);
        }
        let fits = self.patch_size > 0 && self.patch_size <= self.image_size;
        problems.require(fits, "patch_size", "must be between 1 and image_size");
        let token = !self.pools_cls() || self.cls_token;
        let message = "`cls` and `pooler` need a class token: set cls_token = true or pool = \"avg\"";
        problems.require(token, "pool", message);
        problems.require(self.layer_scale >= 0.0, "layer_scale", "must be 0 (none) or above");
    }
}

impl Vit {
    /// Hidden width of the MLP.
    pub fn mlp_dim(&self) -> i64 {
        (self.width as f64 * self.mlp_ratio).round() as i64
    }

    /// Epsilon of the norms, with the default resolved.
    pub fn norm_eps(&self) -> f64 {
        self.norm_eps.unwrap_or(if self.init == VitInit::Clip { 1e-5 } else { 1e-6 })
    }

    /// Patches along one side. Pixels beyond the last whole patch are ignored, as in every library.
    pub fn grid(&self) -> i64 {
        self.image_size / self.patch_size
    }

    /// Rows of the position embedding; the class token's row, if any, comes first.
    pub fn positions(&self) -> i64 {
        self.grid() * self.grid() + i64::from(self.cls_token && self.cls_position)
    }

    /// Position of the final norm, with `auto` resolved.
    pub fn final_norm(&self) -> FinalNorm {
        match (self.final_norm, self.pool) {
            (FinalNorm::Auto, Pool::Avg) => FinalNorm::Pooled,
            (FinalNorm::Auto, Pool::Cls | Pool::Pooler | Pool::Attention) => FinalNorm::Tokens,
            (stated, _) => stated,
        }
    }

    /// Whether the feature comes from the class token alone.
    pub(super) fn pools_cls(&self) -> bool {
        matches!(self.pool, Pool::Cls | Pool::Pooler)
    }

    /// Whether anything after the blocks has parameters.
    pub(super) fn has_head(&self) -> bool {
        self.final_norm() != FinalNorm::None || matches!(self.pool, Pool::Pooler | Pool::Attention)
    }

    pub(super) fn block_init(&self) -> BlockInit {
        match self.init {
            VitInit::Normal | VitInit::Timm => BlockInit::normal(0.02),
            VitInit::Clip => BlockInit::torch(self.width, self.mlp_dim()),
        }
    }

    pub(super) fn block(&self) -> BlockConfig {
        let Self { width, heads, qkv_bias, .. } = *self;
        BlockConfig {
            attention: AttentionConfig { width, heads, qkv_bias, dropout: self.attention_dropout },
            mlp_dim: self.mlp_dim(),
            activation: self.activation,
            norm_eps: self.norm_eps(),
            order: NormOrder::Pre,
            layer_scale: (self.layer_scale > 0.0).then_some(self.layer_scale),
            dropout: self.dropout,
            drop_path: self.drop_path,
            init: self.block_init(),
        }
    }
}
