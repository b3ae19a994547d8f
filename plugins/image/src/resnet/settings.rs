//! Settings of a ResNet.

use clip_lab_nn::{ConvConfig, LinearInit, Problem, drop_path_rate, normal, share, sizes};
use clip_lab_plugin_api::prelude::*;

/// The residual block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResidualBlock {
    /// Two 3x3 convolutions: ResNet-18 and 34.
    Basic,
    /// 1x1, 3x3, 1x1: ResNet-50 and deeper.
    #[default]
    Bottleneck,
}

/// Which convolution of a bottleneck is strided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum StrideIn {
    /// The first, 1x1: v1, Keras.
    #[serde(rename = "1x1")]
    First,
    /// The 3x3: v1.5, torchvision, timm, Hugging Face.
    #[default]
    #[serde(rename = "3x3")]
    Second,
}

/// The stem, and where the network downsamples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// A 7x7 convolution and max pooling; strided convolutions.
    #[default]
    Standard,
    /// OpenAI's: three 3x3 convolutions and average pooling; average pooling instead of strided convolutions
    /// (anti-aliased).
    Openai,
}

/// How the last feature map is pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImagePool {
    /// Global average pooling; accepts images of any size.
    #[default]
    Avg,
    /// OpenAI's attention pooling, with the mean as query; fixed to image_size.
    Attention,
}

/// ResNet: a convolutional network with residual connections. The defaults are ResNet-50 v1.5. OpenAI's RN50 is
/// `variant = "openai"`, `pool = "attention"`, `output = 1024`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResNet {
    /// Side of the square input images, in pixels.
    pub image_size: i64,
    /// Number of residual blocks in each stage.
    pub layers: Vec<i64>,
    /// The residual block.
    pub block: ResidualBlock,
    /// Channels after the stem.
    pub stem_width: i64,
    /// Channels after each stage: [256, 512, 1024, 2048] for bottlenecks, [64, 128, 256, 512] for basic blocks.
    pub widths: Vec<i64>,
    /// Inner channels of a bottleneck per group, where 64 means a quarter of the stage's width (64 in a stage of 256).
    /// ResNeXt-50 32x4d: 4; Wide ResNet-50-2: 128.
    pub base_width: i64,
    /// Groups of the 3x3 convolution in a bottleneck. ResNeXt-50 32x4d: 32.
    pub groups: i64,
    /// Which convolution of a bottleneck is strided: "1x1" (v1) or "3x3" (v1.5).
    pub stride_in: StrideIn,
    /// Whether the first stage downsamples by 2 too.
    pub first_stride: bool,
    /// The stem, and where the network downsamples.
    pub variant: Variant,
    /// How the last feature map is pooled.
    pub pool: ImagePool,
    /// Heads of attention pooling; must divide the last width. OpenAI: the last width divided by 64.
    pub pool_heads: i64,
    /// Width of the features after attention pooling. With `avg` it is the width of the last stage.
    pub output: i64,
    /// Epsilon of batch norm: 1e-5; Keras uses 1e-3.
    pub bn_eps: f64,
    /// Whether the last batch norm of each block is initialised to zero, so that the block starts as the identity.
    pub zero_init_last: bool,
    /// Stochastic depth: probability of dropping a residual branch of a sample; rises linearly from 0 at the first
    /// block to this value at the last.
    pub drop_path: f64,
}

impl Default for ResNet {
    fn default() -> Self {
        Self {
            image_size: 224,
            layers: vec![3, 4, 6, 3],
            block: ResidualBlock::Bottleneck,
            stem_width: 64,
            widths: vec![256, 512, 1024, 2048],
            base_width: 64,
            groups: 1,
            stride_in: StrideIn::Second,
            first_stride: false,
            variant: Variant::Standard,
            pool: ImagePool::Avg,
            pool_heads: 32,
            output: 1024,
            bn_eps: 1e-5,
            zero_init_last: true,
            drop_path: 0.0,
        }
    }
}

impl Settings for ResNet {
    fn check(&self, problems: &mut Problems) {
        let invalid = self.invalid_sizes();
        let valid = invalid.is_empty();
        for (key, message) in invalid.into_iter().chain(share("drop_path", self.drop_path)) {
            problems.require(false, key, message);
        }
        let stages = self.layers.len();
        problems.require((1..=8).contains(&stages), "layers", "must have from 1 to 8 entries, one per stage");
        let message = format!("must have {stages} entries, one per entry of layers");
        problems.require(self.widths.len() == stages, "widths", message);
        problems.require(self.bn_eps > 0.0, "bn_eps", "must be above 0");
        // These checks compute with the sizes.
        if valid {
            self.check_variant(problems);
            self.check_block(problems);
            self.check_pool(problems);
        }
    }
}

impl ResNet {
    fn invalid_sizes(&self) -> Vec<Problem> {
        let mut all = vec![
            ("image_size", self.image_size),
            ("stem_width", self.stem_width),
            ("base_width", self.base_width),
            ("groups", self.groups),
            ("pool_heads", self.pool_heads),
            ("output", self.output),
        ];
        all.extend(self.layers.iter().map(|&blocks| ("layers", blocks)));
        all.extend(self.widths.iter().map(|&width| ("widths", width)));
        sizes(&all)
    }

    fn check_variant(&self, problems: &mut Problems) {
        if self.variant == Variant::Openai {
            problems.require(self.stem_width % 2 == 0, "stem_width", "must be even in the `openai` variant");
            let deep = self.block == ResidualBlock::Bottleneck;
            problems.require(deep, "block", "must be \"bottleneck\" in the `openai` variant");
        }
    }

    fn check_block(&self, problems: &mut Problems) {
        if self.block == ResidualBlock::Basic {
            problems.require(self.groups == 1, "groups", "must be 1: basic blocks have no groups");
            problems.require(
                self.base_width == 64,
                "base_width",
                "must be 64: basic blocks have no inner width",
            );
            return;
        }
        let message = "is too small: widths * base_width / 256 must be at least 1 in every stage";
        problems.require(self.widths.iter().all(|&width| self.inner(width) > 0), "base_width", message);
    }

    fn check_pool(&self, problems: &mut Problems) {
        if self.pool == ImagePool::Avg {
            return;
        }
        let width = self.widths.last().copied().unwrap_or(1);
        let divides = width % self.pool_heads == 0;
        problems.require(divides, "pool_heads", format!("must divide the last width, {width}"));
        let whole = self.image_size % self.reduction() == 0;
        let message = format!("must be a multiple of {} when pool = \"attention\"", self.reduction());
        problems.require(whole, "image_size", message);
    }

    /// Width of the features.
    pub fn width(&self) -> i64 {
        match self.pool {
            ImagePool::Avg => self.widths.last().copied().unwrap_or(0),
            ImagePool::Attention => self.output,
        }
    }

    /// Inner channels of a bottleneck in a stage of `width` channels.
    pub fn inner(&self, width: i64) -> i64 {
        width * self.base_width / 256 * self.groups
    }

    /// Pixels of the image per position of the last feature map, along one side.
    pub fn reduction(&self) -> i64 {
        let strides = self.layers.len().saturating_sub(1) + usize::from(self.first_stride);
        4 << strides.min(40)
    }

    /// Drop probability of a block: rises from 0 at the first to `drop_path` at the last of all stages.
    pub(super) fn drop_path_of(&self, stage: usize, block: i64) -> f64 {
        let before: i64 = self.layers[..stage].iter().sum();
        drop_path_rate(self.drop_path, before + block, self.layers.iter().sum())
    }

    /// Stride of a stage.
    pub(super) fn stride(&self, stage: usize) -> i64 {
        if stage > 0 || self.first_stride { 2 } else { 1 }
    }

    /// Initial values of a convolution: He normal by fan out, or torch's default in OpenAI's variant.
    pub(super) fn conv_init(&self, conv: &ConvConfig) -> LinearInit {
        let fan_out = conv.output * conv.kernel * conv.kernel;
        let he = normal((2.0 / fan_out as f64).sqrt());
        match self.variant {
            Variant::Standard => LinearInit { weight: he, bias: nn::Init::Const(0.0) },
            Variant::Openai => LinearInit::torch(conv.fan_in()),
        }
    }
}
