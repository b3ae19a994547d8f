//! Names of activations in transformers.

use anyhow::{Result, bail};

/// Maps an activation of transformers to ours.
///
/// # Errors
/// If no plugin has it.
pub(super) fn from_transformers(name: &str) -> Result<&'static str> {
    Ok(match name {
        "gelu" | "gelu_python" => "gelu",
        "quick_gelu" => "quick_gelu",
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => "gelu_tanh",
        "relu" => "relu",
        other => {
            bail!(
                "the activation `{other}` is not supported; supported are gelu, quick_gelu, gelu_new and relu"
            )
        }
    })
}

/// Maps our activation to that of transformers.
pub(crate) fn to_transformers(ours: &str) -> &str {
    if ours == "gelu_tanh" { "gelu_pytorch_tanh" } else { ours }
}
