//! The vision transformer (Dosovitskiy et al., 2021, <https://arxiv.org/abs/2010.11929>) with the options of CLIP,
//! timm, Hugging Face and big_vision.

mod embeddings;
mod head;
mod settings;

use clip_lab_nn::{Block, Mask, blocks};
use clip_lab_plugin_api::prelude::*;

use embeddings::Embeddings;
use head::Head;
pub use settings::{FinalNorm, Pool, Vit, VitInit};

/// The encoder. Variables: `embeddings.{patch,cls,position,norm}`, `blocks.I`, `head.{norm,pooler,pool}`.
#[derive(Debug)]
struct VitEncoder {
    embeddings: Embeddings,
    blocks: Vec<Block>,
    head: Head,
    settings: Vit,
}

impl Plugin<dyn ImageEncoder> for Vit {
    fn properties(&self) -> ImageProperties {
        ImageProperties { width: self.width, image_size: self.image_size }
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn ImageEncoder>> {
        Ok(Box::new(VitEncoder {
            embeddings: Embeddings::new(&(&vars / "embeddings"), self)?,
            blocks: blocks(&(&vars / "blocks"), self.depth, &self.block())?,
            head: Head::new(&(&vars / "head"), self)?,
            settings: self.clone(),
        }))
    }
}

impl ImageEncoder for VitEncoder {
    fn encode(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut x = self.embeddings.forward(images, mode.train())?; // [B, cls + patches, W]
        for block in &self.blocks {
            x = block.forward(&x, Mask::None, mode.train())?;
        }
        self.head.forward(&x)
    }

    fn width(&self) -> i64 {
        self.settings.width
    }

    fn layers(&self) -> Vec<String> {
        let blocks = (0..self.settings.depth).map(|i| format!("blocks.{i}"));
        let head = self.settings.has_head().then(|| "head".to_owned());
        std::iter::once("embeddings".to_owned()).chain(blocks).chain(head).collect()
    }
}
