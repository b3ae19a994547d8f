//! What all whole models have: a matrix after each tower, and a scale for the loss.

use std::sync::Arc;

use anyhow::Result;

use crate::rename::Row;
use crate::source::Tensors;
use crate::{Import, Weights};

/// The most that CLIP's scale may grow to.
const MOST: f64 = 100.0;

/// A linear projection whose matrix is `[dim, width]`, with or without a bias, called `name`.
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

/// A matrix `[width, dim]` called `name`, as OpenAI stores projections.
pub(super) fn matrix(
    tensors: &Arc<dyn Tensors>,
    name: &str,
    table: &'static [Row],
) -> Result<Option<Import>> {
    let Some(dim) = tensors.dim(name, 1) else { return Ok(None) };
    let weights = Weights::new(tensors, "", table, &[""]);
    Ok(Some(Import::new("linear", [("dim", dim.into()), ("bias", false.into())]).with(weights)))
}

/// Two layers with a GELU between them, called `layers`.
pub(super) fn mlp(tensors: &Arc<dyn Tensors>, layers: [&str; 2], table: &'static [Row]) -> Option<Import> {
    let [first, second] = layers.map(|layer| tensors.dim(&format!("{layer}.weight"), 0));
    let bias = tensors.has(&format!("{}.bias", layers[0]));
    let settings = [("hidden", first?.into()), ("dim", second?.into()), ("bias", bias.into())];
    Some(Import::new("mlp", settings).with(Weights::new(tensors, "", table, &[""])))
}

/// The loss that `logit_scale` and perhaps `logit_bias` belong to.
pub(super) fn loss(tensors: &dyn Tensors) -> Result<Option<Import>> {
    if !tensors.has("logit_scale") {
        return Ok(None);
    }
    let value = |name| -> Result<f64> { Ok(tensors.tensor(name)?.f_reshape([1])?.f_double_value(&[0])?) };
    // The parameter is clamped at ln 100, which float32 rounds up: not more than 100 is meant.
    let scale = value("logit_scale")?.exp();
    let scale = if scale < MOST * 1.001 { scale.min(MOST) } else { scale };
    let settings = [("scale", scale.into()), ("max_scale", scale.max(MOST).into())];
    if !tensors.has("logit_bias") {
        return Ok(Some(Import::new("clip", settings)));
    }
    let [a, b] = settings;
    Ok(Some(Import::new("siglip", [a, b, ("bias", value("logit_bias")?.into())])))
}
