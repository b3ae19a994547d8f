//! Vision transformers with timm's names, their settings read off the shapes.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use toml::Value;

use super::hf_image::ratio;
use super::shapes::{count, dim, grid};
use crate::positions::Positions;
use crate::rename::Row;
use crate::source::Tensors;
use crate::{Import, Weights};

const TABLE: &[Row] = &[
    ("embeddings.cls", "cls_token"),
    ("embeddings.position", "pos_embed"),
    ("embeddings.patch", "patch_embed.proj"),
    ("embeddings.norm", "norm_pre"),
    ("blocks.*.norm1", "blocks.*.norm1"),
    ("blocks.*.attn.qkv", "blocks.*.attn.qkv"),
    ("blocks.*.attn.out", "blocks.*.attn.proj"),
    ("blocks.*.ls1", "blocks.*.ls1.gamma"),
    ("blocks.*.norm2", "blocks.*.norm2"),
    ("blocks.*.mlp", "blocks.*.mlp"),
    ("blocks.*.ls2", "blocks.*.ls2.gamma"),
    ("head.pool.latent", "attn_pool.latent"),
    ("head.pool.q", "attn_pool.q"),
    ("head.pool.kv", "attn_pool.kv"),
    ("head.pool.out", "attn_pool.proj"),
    ("head.pool.norm", "attn_pool.norm"),
    ("head.pool.mlp", "attn_pool.mlp"),
];

/// The initial value does not matter once weights are loaded; it only has to be there.
const LAYER_SCALE: f64 = 1e-5;

/// timm's names of models say how many heads; where the configuration does not.
const HEADS: &[(&str, i64)] = &[
    ("_tiny_", 3),
    ("_small_", 6),
    ("_medium_", 8),
    ("_base_", 12),
    ("_large_", 16),
    ("_huge_", 16),
    ("_so400m_", 16),
];

/// The transformer below `prefix`. `architecture` is timm's name of it, `args` what was set otherwise, `pool` how it
/// pools, where that is known.
pub(super) fn read(
    tensors: &Arc<dyn Tensors>,
    prefix: &str,
    known: &Known,
    spare: &[&str],
) -> Result<Import> {
    let at = |name: &str| format!("{prefix}{name}");
    let has = |name: &str| tensors.has(&at(name));
    let patch = dim(&**tensors, &at("patch_embed.proj.weight"), 2)?;
    let width = dim(&**tensors, &at("patch_embed.proj.weight"), 0)?;
    let (side, cls_position) = positions(&**tensors, &at("pos_embed"))?;
    let pooled = has("fc_norm.weight");
    let pool = known.pool.unwrap_or(match (has("attn_pool.latent"), pooled || !has("cls_token")) {
        (true, _) => "attention",
        (false, true) => "avg",
        (false, false) => "cls",
    });
    let mut import = Import::new(
        "vit",
        [
            ("image_size", (side * patch).into()),
            ("patch_size", patch.into()),
            ("width", width.into()),
            ("depth", count(&**tensors, &at("blocks."), ".norm1.weight").into()),
            ("mlp_ratio", ratio(dim(&**tensors, &at("blocks.0.mlp.fc1.weight"), 0)?, width).into()),
            (
                "activation",
                if known.architecture.contains("quickgelu") { "quick_gelu" } else { "gelu" }.into(),
            ),
            ("pool", pool.into()),
            ("final_norm", final_norm(pooled, has("norm.weight")).into()),
            ("cls_token", has("cls_token").into()),
            ("cls_position", (has("cls_token") && cls_position).into()),
            ("pre_norm", has("norm_pre.weight").into()),
            ("patch_bias", has("patch_embed.proj.bias").into()),
            ("qkv_bias", has("blocks.0.attn.qkv.bias").into()),
            ("layer_scale", if has("blocks.0.ls1.gamma") { LAYER_SCALE } else { 0.0 }.into()),
            // timm's CLIP models keep CLIP's epsilon.
            ("norm_eps", if has("norm_pre.weight") { 1e-5 } else { 1e-6 }.into()),
        ],
    );
    match known.heads() {
        Some(heads) => drop(import.settings.insert("heads".into(), Value::from(heads))),
        None => import.needs.push("heads"),
    }
    let norm = ("head.norm", if pooled { "fc_norm" } else { "norm" });
    let table = [TABLE, &[norm]].concat();
    let weights = Weights::new(tensors, prefix, &table, &[&["head.", "head_drop."], spare].concat());
    Ok(import.with(weights.resampling("embeddings.position", Positions::Grid { antialias: true })))
}

/// What is known besides the shapes.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// timm's name of the model; empty when unknown.
    pub architecture: &'a str,
    /// Number of heads, where the configuration says it.
    pub heads: Option<i64>,
    /// How tokens are pooled, in our words.
    pub pool: Option<&'static str>,
}

impl Known<'_> {
    fn heads(&self) -> Option<i64> {
        let named =
            || HEADS.iter().find(|(part, _)| self.architecture.contains(part)).map(|(_, heads)| *heads);
        self.heads.or_else(named)
    }
}

/// timm's word for pooling in ours.
pub(super) fn pool(word: Option<&str>) -> Option<&'static str> {
    match word? {
        "token" | "tok" => Some("cls"),
        "avg" => Some("avg"),
        "map" => Some("attention"),
        _ => None,
    }
}

fn final_norm(pooled: bool, tokens: bool) -> &'static str {
    match (pooled, tokens) {
        (true, _) => "pooled",
        (false, true) => "tokens",
        (false, false) => "none",
    }
}

/// Side of the grid of patches, and whether the class token has a position; `pos_embed` is `[1, N, W]`.
fn positions(tensors: &dyn Tensors, name: &str) -> Result<(i64, bool)> {
    let shape = tensors.shape(name).unwrap_or_default();
    let rows = shape.len().checked_sub(2).map_or(0, |axis| shape[axis]);
    grid(rows).with_context(|| {
        format!(
            "{}: `{name}` of {shape:?} is no position embedding of a square picture",
            tensors.place().display()
        )
    })
}
