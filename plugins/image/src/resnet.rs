//! ResNet (He et al., 2015, <https://arxiv.org/abs/1512.03385>) as in timm, Hugging Face and Keras, and OpenAI's
//! variant (CLIP, `ModifiedResNet`).

mod attention_pool;
mod block;
mod settings;
mod stem;

use clip_lab_nn::Stage;
use clip_lab_plugin_api::prelude::*;

use attention_pool::AttentionPool;
use block::Residual;
pub use settings::{ImagePool, ResNet, ResidualBlock, StrideIn, Variant};
use stem::Stem;

/// The encoder. Variables: `stem.{convN,bnN}`, `stages.S.B.{convN,bnN,shortcut}`, `head.{position,q,k,v,out}`.
#[derive(Debug)]
struct ResNetEncoder {
    stem: Stem,
    stages: Vec<Vec<Stage<Residual>>>,
    head: Option<AttentionPool>,
    settings: ResNet,
}

impl Plugin<dyn ImageEncoder> for ResNet {
    fn properties(&self) -> ImageProperties {
        ImageProperties { width: self.width(), image_size: self.image_size }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn ImageEncoder>> {
        let head = || AttentionPool::new(&(&vars / "head"), self);
        Ok(Box::new(ResNetEncoder {
            stem: Stem::new(&(&vars / "stem"), self)?,
            stages: (0..self.layers.len())
                .map(|stage| block::stage(&(&(&vars / "stages") / stage), self, stage))
                .collect::<Result<_>>()?,
            head: (self.pool == ImagePool::Attention).then(head).transpose()?,
            settings: self.clone(),
        }))
    }
}

impl ResNetEncoder {
    fn check(&self, images: &Tensor) -> Result<()> {
        let (size, side) = (images.size(), self.settings.image_size);
        ensure!(matches!(size[..], [_, 3, _, _]), "this resnet expects images of [B, 3, H, W], got {size:?}");
        ensure!(
            self.head.is_none() || size[2..] == [side, side],
            "this resnet pools by attention and takes only {side}x{side} images, got {}x{}: resize them, or set \
             image_size",
            size[2],
            size[3]
        );
        Ok(())
    }
}

impl ImageEncoder for ResNetEncoder {
    fn encode(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        self.check(images)?;
        let mut x = self.stem.forward(images, mode.train())?;
        for block in self.stages.iter().flatten() {
            x = block.forward(&x, move |block, x| block.forward(x, mode.train()))?; // [B, C, H, W]
        }
        match &self.head {
            Some(head) => head.forward(&x),
            None => Ok(x.f_mean_dim([2, 3].as_slice(), false, None)?),
        }
    }

    fn width(&self) -> i64 {
        self.settings.width()
    }

    fn layers(&self) -> Vec<String> {
        let stages = self.stages.iter().enumerate();
        let blocks = stages.flat_map(|(s, stage)| (0..stage.len()).map(move |b| format!("stages.{s}.{b}")));
        let head = self.head.is_some().then(|| "head".to_owned());
        std::iter::once("stem".to_owned()).chain(blocks).chain(head).collect()
    }
}
