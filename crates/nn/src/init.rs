//! Initial values, as in the reference implementations.

use tch::nn::Init;

/// Normal with mean zero. (The "truncated normal" of timm and Hugging Face truncates at an absolute 2, a hundred
/// standard deviations of 0.02, so it is equivalent.)
pub fn normal(stdev: f64) -> Init {
    Init::Randn { mean: 0.0, stdev }
}

fn uniform(bound: f64) -> Init {
    Init::Uniform { lo: -bound, up: bound }
}

/// Initial values of a linear layer or a convolution.
#[derive(Debug, Clone, Copy)]
pub struct LinearInit {
    /// Initial values of the weight.
    pub weight: Init,
    /// Initial values of the bias.
    pub bias: Init,
}

impl LinearInit {
    /// Normal weights; zero bias.
    pub fn normal(stdev: f64) -> Self {
        Self { weight: normal(stdev), bias: Init::Const(0.0) }
    }

    /// torch's default: both uniform within `1 / sqrt(fan_in)`.
    pub fn torch(fan_in: i64) -> Self {
        let draw = uniform(1.0 / (fan_in as f64).sqrt());
        Self { weight: draw, bias: draw }
    }

    /// The same weights with a zero bias.
    pub fn without_bias(self) -> Self {
        Self { bias: Init::Const(0.0), ..self }
    }
}

/// Initial values of a transformer block.
#[derive(Debug, Clone, Copy)]
pub struct BlockInit {
    /// Initial values of query, key and value.
    pub qkv: LinearInit,
    /// Initial values of the projection after attention.
    pub out: LinearInit,
    /// Initial values of the first layer of the MLP.
    pub fc1: LinearInit,
    /// Initial values of the second layer of the MLP.
    pub fc2: LinearInit,
}

impl BlockInit {
    /// Normal with one standard deviation everywhere: BERT, ViT.
    pub fn normal(stdev: f64) -> Self {
        let init = LinearInit::normal(stdev);
        Self { qkv: init, out: init, fc1: init, fc2: init }
    }

    /// torch's defaults, as in OpenAI's image transformer.
    pub fn torch(width: i64, mlp_dim: i64) -> Self {
        // Xavier over the fused matrix: fan-in W, fan-out 3 W.
        let xavier = uniform((6.0 / (4.0 * width as f64)).sqrt());
        Self {
            qkv: LinearInit { weight: xavier, bias: Init::Const(0.0) },
            out: LinearInit::torch(width).without_bias(),
            fc1: LinearInit::torch(width),
            fc2: LinearInit::torch(mlp_dim),
        }
    }

    /// OpenAI's text transformer (CLIP, `initialize_parameters`): output layers of residual branches are scaled down by
    /// `sqrt(2 depth)`.
    pub fn clip_text(width: i64, depth: i64, mlp_dim: i64) -> Self {
        let torch = Self::torch(width, mlp_dim);
        let attention = (width as f64).powf(-0.5);
        let residual = attention * (2.0 * depth as f64).powf(-0.5);
        let wide = (2.0 * width as f64).powf(-0.5);
        let with = |init: LinearInit, stdev| LinearInit { weight: normal(stdev), ..init };
        Self {
            qkv: with(torch.qkv, attention),
            out: with(torch.out, residual),
            fc1: with(torch.fc1, wide),
            fc2: with(torch.fc2, residual),
        }
    }
}
