//! The layers before the first stage.

use clip_lab_nn::ConvConfig;
use clip_lab_plugin_api::prelude::*;

use super::{
    ResNet, Variant,
    block::{ConvNorm, pool},
};

/// Convolutions, then pooling. Variables: `conv1`, `bn1`; up to `conv3`, `bn3` in OpenAI's variant.
#[derive(Debug)]
pub(super) struct Stem {
    layers: Vec<ConvNorm>,
    variant: Variant,
}

impl Stem {
    pub(super) fn new(vars: &nn::Path<'_>, settings: &ResNet) -> Result<Self> {
        let (width, half) = (settings.stem_width, settings.stem_width / 2);
        let convs = match settings.variant {
            Variant::Standard => vec![ConvConfig::same(3, width, 7, 2)],
            Variant::Openai => vec![
                ConvConfig::same(3, half, 3, 2),
                ConvConfig::same(half, half, 3, 1),
                ConvConfig::same(half, width, 3, 1),
            ],
        };
        let layer = |(i, config): (i32, ConvConfig)| {
            let names = (format!("conv{i}"), format!("bn{i}"));
            ConvNorm::new(vars, (&names.0, &names.1), config, settings, 1.0)
        };
        let layers = (1..).zip(convs).map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, variant: settings.variant })
    }

    /// `[B, 3, H, W]` to `[B, stem_width, H / 4, W / 4]`.
    pub(super) fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        let mut x = images.shallow_clone();
        for layer in &self.layers {
            x = layer.forward(&x, train)?.f_relu_()?;
        }
        match self.variant {
            Variant::Standard => Ok(x.f_max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)?),
            Variant::Openai => pool(&x, 2),
        }
    }
}
