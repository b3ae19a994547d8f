//! A TorchScript module as a text tower.

use std::path::PathBuf;

use clip_lab_api::prelude::*;
use clip_lab_blocks::{Scripted, sizes};

use crate::tokens::fits;

/// A text tower that was written in Python and saved with `torch.jit.script(module).save("tower.pt")`, or traced. Its
/// `forward` takes token ids `[B, L]` (int64) and a mask `[B, L]` (bool, true where a token is) and returns features
/// `[B, width]`; padding must not change them. It is trained like any other tower, from the weights in the file; with
/// the trick `freeze` it is locked.
///
/// Its layers are found by the names of its parameters, in the order in which the module declares them. The archive
/// holds weights and code; its code runs as TorchScript operations, never as Python, and no Python object is unpickled.
/// Operations can still read and write files: take archives from people you trust.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "torchscript_text")]
pub struct TorchScriptText {
    /// The archive.
    pub path: PathBuf,
    /// Width of the features that it returns.
    pub width: i64,
    /// The most tokens that it takes.
    pub context: i64,
    /// Number of token ids that it knows.
    pub vocab: i64,
}

impl Default for TorchScriptText {
    fn default() -> Self {
        Self { path: PathBuf::new(), width: 512, context: 77, vocab: 49_408 }
    }
}

impl Settings for TorchScriptText {
    fn check(&self, faults: &mut Faults) {
        let named = !self.path.as_os_str().is_empty();
        faults.require(named, "path", "name the file that `torch.jit.script(module).save(...)` wrote");
        let values = [("width", self.width), ("context", self.context), ("vocab", self.vocab)];
        for (key, words) in sizes(&values) {
            faults.require(false, key, words);
        }
    }
}

impl Plugin<dyn TextEncoder> for TorchScriptText {
    fn facts(&self) -> TextFacts {
        TextFacts { width: self.width, context: self.context, vocab: self.vocab }
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
