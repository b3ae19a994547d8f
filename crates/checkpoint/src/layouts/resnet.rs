//! ResNets with torchvision's names, which timm and OpenAI also use: `conv1`, `layer1.0.conv1`, `downsample.0`.

use std::sync::Arc;

use anyhow::{Result, ensure};
use toml::Value;

use super::shapes::{count, dim};
use crate::positions::Positions;
use crate::rename::Row;
use crate::source::Tensors;
use crate::{Import, Weights};

pub(crate) const TABLE: &[Row] = &[
    ("stem.conv*", "conv*"),
    ("stem.bn*", "bn*"),
    ("stages.*.*.conv*", "layer+.*.conv*"),
    ("stages.*.*.bn*", "layer+.*.bn*"),
    ("stages.*.*.shortcut.conv", "layer+.*.downsample.0"),
    ("stages.*.*.shortcut.bn", "layer+.*.downsample.1"),
    ("head.position", "attnpool.positional_embedding"),
    ("head.q", "attnpool.q_proj"),
    ("head.k", "attnpool.k_proj"),
    ("head.v", "attnpool.v_proj"),
    ("head.out", "attnpool.c_proj"),
];

/// Scale of `base_width`: the inner channels of a block are `widths[0] * groups * base_width / 256`.
const WIDTH_UNIT: i64 = 256;

/// The ResNet below `prefix`, with settings derived from the shapes; `optional` tensors may stay unused.
pub(super) fn read(tensors: &Arc<dyn Tensors>, prefix: &str, optional: &[&str]) -> Result<Import> {
    let file = tensors.place().display();
    let at = |name: &str| format!("{prefix}{name}");
    let stem_end = if tensors.has(&at("conv3.weight")) { "conv3.weight" } else { "conv1.weight" };
    ensure!(
        tensors.dim(&at(stem_end), 0).is_some(),
        "{file}: a ResNet without `{}` is not supported (deep stem?)",
        at("conv1.weight")
    );
    let stages = stages(&**tensors, prefix);
    let layers: Vec<i64> =
        (1..=stages).map(|s| count(&**tensors, &at(&format!("layer{s}.")), ".conv1.weight")).collect();
    let bottleneck = tensors.has(&at("layer1.0.conv3.weight"));
    let last = if bottleneck { "conv3" } else { "conv2" };
    let width = |stage| dim(&**tensors, &at(&format!("layer{stage}.0.{last}.weight")), 0);
    let widths = (1..=stages).map(width).collect::<Result<Vec<i64>>>()?;
    let mut import = Import::new(
        "resnet",
        [
            ("layers", layers.into()),
            ("block", if bottleneck { "bottleneck" } else { "basic" }.into()),
            ("stem_width", dim(&**tensors, &at(stem_end), 0)?.into()),
            ("widths", widths.clone().into()),
        ],
    );
    if bottleneck {
        let second = at("layer1.0.conv2.weight");
        let (inner, per_group) = (dim(&**tensors, &second, 0)?, dim(&**tensors, &second, 1)?);
        let groups = inner / per_group.max(1);
        import.settings.insert("groups".into(), groups.into());
        import
            .settings
            .insert("base_width".into(), (inner * WIDTH_UNIT / (widths[0] * groups).max(1)).into());
    }
    let weights = Weights::new(tensors, prefix, TABLE, optional);
    Ok(import.with(weights.resampling("head.position", Positions::Grid { antialias: true })))
}

/// The number of stages, which are numbered from 1.
fn stages(tensors: &dyn Tensors, prefix: &str) -> i64 {
    (1..).take_while(|s| tensors.has(&format!("{prefix}layer{s}.0.conv1.weight"))).count() as i64
}

/// OpenAI's variant: three convolutions in the stem, strides by pooling, attention pooling.
pub(super) fn openai(tensors: &Arc<dyn Tensors>, prefix: &str, optional: &[&str]) -> Result<Import> {
    let mut import = read(tensors, prefix, optional)?;
    let output = dim(&**tensors, &format!("{prefix}attnpool.c_proj.weight"), 0)?;
    let more: [(&str, Value); 3] =
        [("variant", "openai".into()), ("pool", "attention".into()), ("output", output.into())];
    import.settings.extend(more.map(|(key, value)| (key.to_owned(), value)));
    Ok(import)
}
