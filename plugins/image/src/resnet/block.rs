//! The residual block, basic or bottleneck.

use clip_lab_nn::{BatchNorm, Conv, ConvConfig, Stage, drop_path};
use clip_lab_plugin_api::prelude::*;

use super::{ResNet, ResidualBlock, StrideIn, Variant};

/// A convolution and its batch norm.
#[derive(Debug)]
pub(super) struct ConvNorm {
    conv: Conv,
    norm: BatchNorm,
}

impl ConvNorm {
    /// Makes both below `vars` with the given names; `gain` is the norm's initial weight.
    pub(super) fn new(
        vars: &nn::Path<'_>,
        names: (&str, &str),
        config: ConvConfig,
        settings: &ResNet,
        gain: f64,
    ) -> Result<Self> {
        let conv = Conv::new(&(vars / names.0), config, settings.conv_init(&config))?;
        let norm = BatchNorm::new(&(vars / names.1), config.output, settings.bn_eps, gain)?;
        Ok(Self { conv, norm })
    }

    pub(super) fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.conv.forward_normed(x, &self.norm, train)
    }
}

/// `relu(shortcut(x) + branch(x))`. Variables: `conv1`, `bn1`, ..., and `shortcut.conv`, `shortcut.bn` where the
/// shape changes.
#[derive(Debug)]
pub(super) struct Residual {
    branch: Vec<ConvNorm>,
    shortcut: Option<ConvNorm>,
    /// Kernel of the average pooling that takes the stride in OpenAI's variant; 1 otherwise.
    pooled: i64,
    /// Probability of dropping the branch of a sample during training.
    drop_path: f64,
}

/// The blocks of a stage, named by index.
pub(super) fn stage(vars: &nn::Path<'_>, settings: &ResNet, stage: usize) -> Result<Vec<Stage<Residual>>> {
    let before = if stage == 0 { settings.stem_width } else { settings.widths[stage - 1] };
    let width = settings.widths[stage];
    let block = |i: i64| {
        let (input, stride) = if i == 0 { (before, settings.stride(stage)) } else { (width, 1) };
        let residual = Residual::new(&(vars / i), settings, (input, width), stride)?;
        Ok(Stage::new(Residual { drop_path: settings.drop_path_of(stage, i), ..residual }))
    };
    (0..settings.layers[stage]).map(block).collect()
}

impl Residual {
    fn new(vars: &nn::Path<'_>, settings: &ResNet, (input, width): (i64, i64), stride: i64) -> Result<Self> {
        let pooled = if settings.variant == Variant::Openai { stride } else { 1 };
        let stride = stride / pooled;
        let convs = convs(settings, (input, width), stride);
        let gain = |i| if settings.zero_init_last && i == convs.len() { 0.0 } else { 1.0 };
        let conv = |(i, config): (usize, &ConvConfig)| {
            let names = (format!("conv{i}"), format!("bn{i}"));
            ConvNorm::new(vars, (&names.0, &names.1), *config, settings, gain(i))
        };
        let shortcut = || {
            let config = ConvConfig::same(input, width, 1, stride);
            ConvNorm::new(&(vars / "shortcut"), ("conv", "bn"), config, settings, 1.0)
        };
        Ok(Self {
            branch: (1..).zip(&convs).map(conv).collect::<Result<_>>()?,
            shortcut: (stride * pooled != 1 || input != width).then(shortcut).transpose()?,
            pooled,
            drop_path: 0.0,
        })
    }

    /// `[B, input, H, W]` to `[B, width, H / stride, W / stride]`.
    pub(super) fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let last = self.branch.len() - 1;
        let mut y = x.shallow_clone();
        for (i, layer) in self.branch.iter().enumerate() {
            // OpenAI's stride: pool between the 3x3 and the last 1x1, and before the shortcut.
            if i == last {
                y = pool(&y, self.pooled)?;
            }
            y = layer.forward(&y, train)?;
            if i != last {
                y = y.f_relu_()?;
            }
        }
        let mut y = drop_path(y, self.drop_path, train)?;
        let skip = match &self.shortcut {
            Some(shortcut) => shortcut.forward(&pool(x, self.pooled)?, train)?,
            None => x.shallow_clone(),
        };
        Ok(y.f_add_(&skip)?.f_relu_()?)
    }
}

/// The convolutions of a block from `input` to `width` channels.
fn convs(settings: &ResNet, (input, width): (i64, i64), stride: i64) -> Vec<ConvConfig> {
    if settings.block == ResidualBlock::Basic {
        return vec![ConvConfig::same(input, width, 3, stride), ConvConfig::same(width, width, 3, 1)];
    }
    let inner = settings.inner(width);
    let (first, second) = match settings.stride_in {
        StrideIn::First => (stride, 1),
        StrideIn::Second => (1, stride),
    };
    vec![
        ConvConfig::same(input, inner, 1, first),
        ConvConfig { groups: settings.groups, ..ConvConfig::same(inner, inner, 3, second) },
        ConvConfig::same(inner, width, 1, 1),
    ]
}

/// Average pooling with a `side` x `side` kernel; the identity for 1.
pub(super) fn pool(x: &Tensor, side: i64) -> Result<Tensor> {
    if side == 1 {
        return Ok(x.shallow_clone());
    }
    Ok(x.f_avg_pool2d([side, side], [side, side], [0, 0], false, true, None)?)
}
