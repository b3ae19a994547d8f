//! Image encoders.

mod resnet;
mod torchscript;
mod vit;

use clip_lab_plugin_api::Catalog;

pub use resnet::{ImagePool, ResNet, ResidualBlock, StrideIn, Variant};
pub use torchscript::TorchScriptImage;
pub use vit::{FinalNorm, Pool, Vit, VitInit};

/// Registers the image encoders.
pub fn register(catalog: &mut Catalog) {
    catalog.image.add::<Vit>("vit");
    catalog.image.add::<ResNet>("resnet");
    catalog.image.add::<TorchScriptImage>("torchscript");
}
