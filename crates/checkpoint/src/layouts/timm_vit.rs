//! Vision transformers with timm's names, with settings derived from shapes.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use toml::Value;

use super::shapes::{count, dim, ratio};
use crate::positions::{Positions, grid};
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

/// Any positive initial value enables layer scale; the weights replace it.
const LAYER_SCALE: f64 = 1e-5;

/// Number of heads by timm's model name, if the configuration does not state it.
const HEADS: &[(&str, i64)] = &[
    ("_tiny_", 3),
    ("_small_", 6),
    ("_medium_", 8),
    ("_base_", 12),
    ("_large_", 16),
    ("_huge_", 16),
    ("_so400m_", 16),
];

/// The transformer below `prefix`; `optional` tensors may stay unused.
pub(super) fn read(
    tensors: &Arc<dyn Tensors>,
    prefix: &str,
    hints: &Hints,
    optional: &[&str],
) -> Result<Import> {
    let at = |name: &str| format!("{prefix}{name}");
    let has = |name: &str| tensors.has(&at(name));
    let patch = dim(&**tensors, &at("patch_embed.proj.weight"), 2)?;
    let width = dim(&**tensors, &at("patch_embed.proj.weight"), 0)?;
    let (side, cls_position) = positions(&**tensors, &at("pos_embed"))?;
    let pooled = has("fc_norm.weight");
    let pool = hints.pool.unwrap_or(match (has("attn_pool.latent"), pooled || !has("cls_token")) {
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
                if hints.architecture.contains("quickgelu") { "quick_gelu" } else { "gelu" }.into(),
            ),
            ("pool", pool.into()),
            ("final_norm", final_norm(pooled, has("norm.weight")).into()),
            ("cls_token", has("cls_token").into()),
            ("cls_position", (has("cls_token") && cls_position).into()),
            ("pre_norm", has("norm_pre.weight").into()),
            ("patch_bias", has("patch_embed.proj.bias").into()),
            ("qkv_bias", has("blocks.0.attn.qkv.bias").into()),
            ("layer_scale", if has("blocks.0.ls1.gamma") { LAYER_SCALE } else { 0.0 }.into()),
            // timm's CLIP models have CLIP's epsilon.
            ("norm_eps", if has("norm_pre.weight") { 1e-5 } else { 1e-6 }.into()),
        ],
    );
    match hints.heads() {
        Some(heads) => drop(import.settings.insert("heads".into(), Value::from(heads))),
        None => import.needs.push("heads"),
    }
    let norm = ("head.norm", if pooled { "fc_norm" } else { "norm" });
    let table = [TABLE, &[norm]].concat();
    let weights = Weights::new(tensors, prefix, &table, &[&["head.", "head_drop."], optional].concat());
    Ok(import.with(weights.resampling("embeddings.position", Positions::Grid { antialias: true })))
}

/// Information besides the shapes.
#[derive(Default)]
pub(super) struct Hints<'a> {
    /// timm's model name; empty if unknown.
    pub architecture: &'a str,
    /// Number of heads, if the configuration states it.
    pub heads: Option<i64>,
    /// Pooling, as a value of our setting.
    pub pool: Option<&'static str>,
}

impl Hints<'_> {
    fn heads(&self) -> Option<i64> {
        let by_name =
            || HEADS.iter().find(|(part, _)| self.architecture.contains(part)).map(|(_, heads)| *heads);
        self.heads.or_else(by_name)
    }
}

/// Maps timm's pooling to ours.
pub(super) fn pool(name: Option<&str>) -> Option<&'static str> {
    match name? {
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

/// Side of the patch grid, and whether the class token has a position; `pos_embed` is `[1, N, W]`.
fn positions(tensors: &dyn Tensors, name: &str) -> Result<(i64, bool)> {
    let shape = tensors.shape(name).unwrap_or_default();
    let rows = shape.len().checked_sub(2).map_or(0, |axis| shape[axis]);
    grid(rows).with_context(|| {
        format!(
            "{}: `{name}` of {shape:?} is not a position embedding of a square image",
            tensors.place().display()
        )
    })
}
