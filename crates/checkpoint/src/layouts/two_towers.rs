//! Parts of all two-tower models: a projection after each tower, and the logit scale.

use std::sync::Arc;

use anyhow::Result;

use crate::rename::Row;
use crate::source::Tensors;
use crate::{Import, Weights};

/// CLIP's upper limit of the logit scale.
const MAX_SCALE: f64 = 100.0;

/// The linear projection `name` with a matrix `[dim, width]` and an optional bias.
pub(super) fn linear(
    tensors: &Arc<dyn Tensors>,
    name: &'static str,
    table: &'static [Row],
) -> Result<Option<Import>> {
    let Some(dim) = tensors.dim(&format!("{name}.weight"), 0) else { return Ok(None) };
    let bias = tensors.has(&format!("{name}.bias"));
    let weights = Weights::new(tensors, "", table, &[""]);
    Ok(Some(Import::new("linear", [("dim", dim.into()), ("bias", bias.into())]).with(weights)))
}

/// The projection matrix `name`, `[width, dim]` as in OpenAI's CLIP.
pub(super) fn matrix(
    tensors: &Arc<dyn Tensors>,
    name: &str,
    table: &'static [Row],
) -> Result<Option<Import>> {
    let Some(dim) = tensors.dim(name, 1) else { return Ok(None) };
    let weights = Weights::new(tensors, "", table, &[""]);
    Ok(Some(Import::new("linear", [("dim", dim.into()), ("bias", false.into())]).with(weights)))
}

/// The MLP projection of two `layers` with a GELU between them.
pub(super) fn mlp(tensors: &Arc<dyn Tensors>, layers: [&str; 2], table: &'static [Row]) -> Option<Import> {
    let [first, second] = layers.map(|layer| tensors.dim(&format!("{layer}.weight"), 0));
    let bias = tensors.has(&format!("{}.bias", layers[0]));
    let settings = [("hidden", first?.into()), ("dim", second?.into()), ("bias", bias.into())];
    Some(Import::new("mlp", settings).with(Weights::new(tensors, "", table, &[""])))
}

/// The loss of `logit_scale` and, for SigLIP, `logit_bias`.
pub(super) fn loss(tensors: &dyn Tensors) -> Result<Option<Import>> {
    if !tensors.has("logit_scale") {
        return Ok(None);
    }
    let value = |name| -> Result<f64> { Ok(tensors.tensor(name)?.f_reshape([1])?.f_double_value(&[0])?) };
    // The parameter is clamped at ln 100, which float32 rounds up: the limit is still 100.
    let scale = value("logit_scale")?.exp();
    let scale = if scale < MAX_SCALE * 1.001 { scale.min(MAX_SCALE) } else { scale };
    let settings = [("scale", scale.into()), ("max_scale", scale.max(MAX_SCALE).into())];
    if !tensors.has("logit_bias") {
        return Ok(Some(Import::new("clip", settings)));
    }
    let [a, b] = settings;
    Ok(Some(Import::new("siglip", [a, b, ("bias", value("logit_bias")?.into())])))
}
