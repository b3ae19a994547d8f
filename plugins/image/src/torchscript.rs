//! A TorchScript module as an image tower.

use std::path::PathBuf;

use clip_lab_nn::{Scripted, sizes};
use clip_lab_plugin_api::prelude::*;

/// An image tower written in Python and saved with `torch.jit.script(module).save("tower.pt")`, or traced. Its
/// `forward` takes normalised images `[B, 3, H, W]` and returns features `[B, width]`. It trains like any other tower,
/// starting from the weights in the file. The trick `freeze` locks it; parts with locked parameters keep their
/// batch-norm statistics.
///
/// Its layers are derived from the names of its parameters, in the order in which the module declares them. The archive
/// holds weights and code; the code runs as TorchScript operations, never as Python, and no Python object is unpickled.
/// TorchScript operations can still read and write files: load archives only from people you trust.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "torchscript_image")]
pub struct TorchScriptImage {
    /// The TorchScript archive.
    pub path: PathBuf,
    /// Width of the features it returns.
    pub width: i64,
    /// Side of the square input images, in pixels.
    pub image_size: i64,
}

impl Default for TorchScriptImage {
    fn default() -> Self {
        Self { path: PathBuf::new(), width: 512, image_size: 224 }
    }
}

impl Settings for TorchScriptImage {
    fn check(&self, problems: &mut Problems) {
        let named = !self.path.as_os_str().is_empty();
        problems.require(named, "path", "name the file that `torch.jit.script(module).save(...)` wrote");
        for (key, message) in sizes(&[("width", self.width), ("image_size", self.image_size)]) {
            problems.require(false, key, message);
        }
    }
}

impl Plugin<dyn ImageEncoder> for TorchScriptImage {
    fn properties(&self) -> ImageProperties {
        ImageProperties { width: self.width, image_size: self.image_size }
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
        let valid = size.len() == 4 && size[1] == 3;
        ensure!(valid, "torchscript expects images of [B, 3, H, W], got {size:?}");
        self.module.forward(&[images], mode.train())
    }

    fn width(&self) -> i64 {
        self.width
    }

    fn layers(&self) -> Vec<String> {
        self.module.layers()
    }
}
