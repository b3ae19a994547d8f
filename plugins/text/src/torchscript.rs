//! A TorchScript module as a text tower.

use std::path::PathBuf;

use clip_lab_nn::{Scripted, sizes};
use clip_lab_plugin_api::prelude::*;

use crate::tokens::fits;

/// A text tower written in Python and saved with `torch.jit.script(module).save("tower.pt")`, or traced. Its `forward`
/// takes token ids `[B, L]` (int64) and a mask `[B, L]` (bool, true for tokens, false for padding) and returns features
/// `[B, width]`; padding must not change them. It trains like any other tower, starting from the weights in the file.
/// The trick `freeze` locks it.
///
/// Its layers are derived from the names of its parameters, in the order in which the module declares them. The archive
/// holds weights and code; the code runs as TorchScript operations, never as Python, and no Python object is unpickled.
/// TorchScript operations can still read and write files: load archives only from people you trust.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "torchscript_text")]
pub struct TorchScriptText {
    /// The TorchScript archive.
    pub path: PathBuf,
    /// Width of the features it returns.
    pub width: i64,
    /// Maximum number of tokens of a text.
    pub context: i64,
    /// Vocabulary size.
    pub vocab: i64,
}

impl Default for TorchScriptText {
    fn default() -> Self {
        Self { path: PathBuf::new(), width: 512, context: 77, vocab: 49_408 }
    }
}

impl Settings for TorchScriptText {
    fn check(&self, problems: &mut Problems) {
        let named = !self.path.as_os_str().is_empty();
        problems.require(named, "path", "name the file that `torch.jit.script(module).save(...)` wrote");
        let values = [("width", self.width), ("context", self.context), ("vocab", self.vocab)];
        for (key, message) in sizes(&values) {
            problems.require(false, key, message);
        }
    }
}

impl Plugin<dyn TextEncoder> for TorchScriptText {
    fn properties(&self) -> TextProperties {
        TextProperties { width: self.width, context: self.context, vocab: self.vocab }
    }

    fn code(&self) -> Vec<(&'static str, PathBuf)> {
        vec![("path", self.path.clone())]
    }

    fn build(&self, vars: nn::Path<'_>) -> Result<Box<dyn TextEncoder>> {
        let module = Scripted::new(&vars, &self.path, self.width)?;
        Ok(Box::new(ScriptedText { module, width: self.width, context: self.context }))
    }
}

#[derive(Debug)]
struct ScriptedText {
    module: Scripted,
    width: i64,
    context: i64,
}

impl TextEncoder for ScriptedText {
    fn encode(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor> {
        fits(tokens, "torchscript", self.context)?;
        self.module.forward(&[&tokens.ids, &tokens.mask], mode.train())
    }

    fn width(&self) -> i64 {
        self.width
    }

    fn layers(&self) -> Vec<String> {
        self.module.layers()
    }
}
