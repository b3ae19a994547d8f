//! A TorchScript module as an image tower.

use std::path::PathBuf;

use clip_lab_api::prelude::*;
use clip_lab_blocks::{Scripted, sizes};

/// An image tower that was written in Python and saved with `torch.jit.script(module).save("tower.pt")`, or traced.
/// Its `forward` takes normalised images `[B, 3, H, W]` and returns features `[B, width]`. It is trained like any
/// other tower, from the weights in the file; with the trick `freeze` it is locked, and a part of it whose parameters
/// are locked keeps its batch-norm statistics.
///
/// Its layers are found by the names of its parameters, in the order in which the module declares them. The archive
/// holds weights and code; its code runs as TorchScript operations, never as Python, and no Python object is unpickled.
/// Operations can still read and write files: take archives from people you trust.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "torchscript_image")]
pub struct TorchScriptImage {
    /// The archive.
    pub path: PathBuf,
    /// Width of the features that it returns.
    pub width: i64,
    /// Side of the square images that it is given, in pixels.
    pub image_size: i64,
}

impl Default for TorchScriptImage {
    fn default() -> Self {
        Self { path: PathBuf::new(), width: 512, image_size: 224 }
    }
}

impl Settings for TorchScriptImage {
    fn check(&self, faults: &mut Faults) {
        let named = !self.path.as_os_str().is_empty();
        faults.require(named, "path", "name the file that `torch.jit.script(module).save(...)` wrote");
        for (key, words) in sizes(&[("width", self.width), ("image_size", self.image_size)]) {
            faults.require(false, key, words);
        }
    }
}

impl Plugin<dyn ImageEncoder> for TorchScriptImage {
    fn facts(&self) -> ImageFacts {
        ImageFacts { width: self.width, image_size: self.image_size }
    }

    fn code(&self) -> Vec<(&'static str, PathBuf)> {
        vec![("path", self.path.clone())]
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn ImageEncoder>> {
        Ok(Box::new(ScriptedImage {
            module: Scripted::new(&vars, &self.path, self.width)?,
            width: self.width,
        }))
    }
}

#[derive(Debug)]
struct ScriptedImage {
    module: Scripted,
    width: i64,
}

impl ImageEncoder for ScriptedImage {
    fn encode(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        let size = images.size();
        let right = size.len() == 4 && size[1] == 3;
        ensure!(right, "torchscript wants pictures of [B, 3, H, W] and was given {size:?}");
        self.module.forward(&[images], mode.train())
    }

    fn width(&self) -> i64 {
        self.width
    }

    fn layers(&self) -> Vec<String> {
        self.module.layers()
    }
}
