//! The towers of Hugging Face's `CLIPModel`.

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::activation::from_transformers;
use super::location::TowerLocation;
use super::shapes::ratio;
use crate::Import;
use crate::json;
use crate::positions::Positions;
use crate::rename::Row;

pub(crate) const IMAGE: &[Row] = &[
    ("embeddings.cls", "embeddings.class_embedding"),
    ("embeddings.position", "embeddings.position_embedding.weight"),
    ("embeddings.patch", "embeddings.patch_embedding"),
    ("embeddings.norm", "pre_layrnorm"),
    ("blocks.*.norm1", "encoder.layers.*.layer_norm1"),
    ("blocks.*.attn.qkv", "encoder.layers.*.self_attn.{q_proj,k_proj,v_proj}"),
    ("blocks.*.attn.out", "encoder.layers.*.self_attn.out_proj"),
    ("blocks.*.norm2", "encoder.layers.*.layer_norm2"),
    ("blocks.*.mlp", "encoder.layers.*.mlp"),
    ("head.norm", "post_layernorm"),
];

pub(crate) const TEXT: &[Row] = &[
    ("embeddings.word", "embeddings.token_embedding.weight"),
    ("embeddings.position", "embeddings.position_embedding.weight"),
    ("blocks.*.norm1", "encoder.layers.*.layer_norm1"),
    ("blocks.*.attn.qkv", "encoder.layers.*.self_attn.{q_proj,k_proj,v_proj}"),
    ("blocks.*.attn.out", "encoder.layers.*.self_attn.out_proj"),
    ("blocks.*.norm2", "encoder.layers.*.layer_norm2"),
    ("blocks.*.mlp", "encoder.layers.*.mlp"),
    ("head.norm", "final_layer_norm"),
];

/// The tensor that identifies the image tower.
pub(super) const IMAGE_PROBE: &str = "embeddings.class_embedding";
/// The tensor that identifies the text tower.
pub(super) const TEXT_PROBE: &str = "embeddings.token_embedding.weight";

/// Before transformers 4.30, every configuration had the end token 2, whatever the real one.
const LEGACY_END: i64 = 2;

/// The configuration of either tower.
#[derive(Deserialize)]
struct Tower {
    hidden_size: i64,
    intermediate_size: i64,
    num_hidden_layers: i64,
    num_attention_heads: i64,
    #[serde(default = "quick_gelu")]
    hidden_act: String,
    #[serde(default = "eps")]
    layer_norm_eps: f64,
    #[serde(default)]
    attention_dropout: f64,
    image_size: Option<i64>,
    patch_size: Option<i64>,
    vocab_size: Option<i64>,
    max_position_embeddings: Option<i64>,
    eos_token_id: Option<i64>,
}

fn quick_gelu() -> String {
    "quick_gelu".into()
}

fn eps() -> f64 {
    1e-5
}

/// Adds the defaults, which configurations omit.
fn tower(config: &Value, defaults: Value) -> Result<Tower> {
    let mut all = defaults;
    if let (Some(all), Some(config)) = (all.as_object_mut(), config.as_object()) {
        all.extend(config.clone());
    }
    json::take(&all, "the configuration of a CLIP tower")
}

/// Reads the image tower.
pub(super) fn image(config: &Value, place: &TowerLocation) -> Result<Import> {
    let defaults = serde_json::json!({
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "image_size": 224, "patch_size": 32,
    });
    let clip = tower(config, defaults)?;
    let settings = [
        ("image_size", clip.image_size.unwrap_or(224).into()),
        ("patch_size", clip.patch_size.unwrap_or(32).into()),
        ("width", clip.hidden_size.into()),
        ("depth", clip.num_hidden_layers.into()),
        ("heads", clip.num_attention_heads.into()),
        ("mlp_ratio", ratio(clip.intermediate_size, clip.hidden_size).into()),
        ("activation", from_transformers(&clip.hidden_act)?.into()),
        ("pool", "cls".into()),
        ("pre_norm", true.into()),
        ("patch_bias", false.into()),
        ("norm_eps", clip.layer_norm_eps.into()),
        ("attention_dropout", clip.attention_dropout.into()),
    ];
    let weights = place.weights(IMAGE_PROBE, IMAGE, &[])?;
    let positions = Positions::Grid { antialias: false };
    Ok(Import::new("vit", settings).with(weights.resampling("embeddings.position", positions)))
}

/// Reads the text tower.
pub(super) fn text(config: &Value, place: &TowerLocation) -> Result<Import> {
    let defaults = serde_json::json!({
        "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8,
        "vocab_size": 49408, "max_position_embeddings": 77, "eos_token_id": 49407,
    });
    let clip = tower(config, defaults)?;
    let vocab = clip.vocab_size.unwrap_or(49408);
    let end = clip.eos_token_id.unwrap_or(LEGACY_END);
    let (pool, end) = if end == LEGACY_END { ("argmax", vocab - 1) } else { ("eos", end) };
    let settings = [
        ("vocab", vocab.into()),
        ("context", clip.max_position_embeddings.unwrap_or(77).into()),
        ("width", clip.hidden_size.into()),
        ("depth", clip.num_hidden_layers.into()),
        ("heads", clip.num_attention_heads.into()),
        ("mlp_ratio", ratio(clip.intermediate_size, clip.hidden_size).into()),
        ("activation", from_transformers(&clip.hidden_act)?.into()),
        ("pool", pool.into()),
        ("eos_id", end.into()),
        ("norm_eps", clip.layer_norm_eps.into()),
        ("attention_dropout", clip.attention_dropout.into()),
    ];
    Ok(Import::new("clip_transformer", settings).with(place.weights(TEXT_PROBE, TEXT, &[])?))
}
