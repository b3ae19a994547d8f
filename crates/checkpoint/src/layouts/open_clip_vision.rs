//! Image towers with OpenAI's names, as in open_clip: `visual.*`.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::shapes::{count, dim, ratio};
use super::timm_vit::Hints;
use super::{resnet, timm, timm_vit, two_towers};
use crate::positions::{Positions, grid};
use crate::rename::Row;
use crate::source::Tensors;
use crate::{Import, Weights};

pub(crate) const VIT: &[Row] = &[
    ("embeddings.cls", "class_embedding"),
    ("embeddings.position", "positional_embedding"),
    ("embeddings.patch", "conv1"),
    ("embeddings.norm", "ln_pre"),
    ("blocks.*.norm1", "transformer.resblocks.*.ln_1"),
    ("blocks.*.attn.qkv.weight", "transformer.resblocks.*.attn.in_proj_weight"),
    ("blocks.*.attn.qkv.bias", "transformer.resblocks.*.attn.in_proj_bias"),
    ("blocks.*.attn.out", "transformer.resblocks.*.attn.out_proj"),
    ("blocks.*.ls1", "transformer.resblocks.*.ls_1.gamma"),
    ("blocks.*.norm2", "transformer.resblocks.*.ln_2"),
    ("blocks.*.mlp.fc1", "transformer.resblocks.*.mlp.c_fc"),
    ("blocks.*.mlp.fc2", "transformer.resblocks.*.mlp.c_proj"),
    ("blocks.*.ls2", "transformer.resblocks.*.ls_2.gamma"),
    ("head.norm", "ln_post"),
];

const MATRIX: &[Row] = &[("weight", "visual.proj^T")];
const LINEAR: &[Row] = &[("weight", "visual.head.proj.weight"), ("bias", "visual.head.proj.bias")];
const MLP: &[Row] = &[("fc1", "visual.head.mlp.fc1"), ("fc2", "visual.head.mlp.fc2")];

/// Prefixes of tensors that belong to no image tower: text tower (flat or below `text.`), projections, loss, and the
/// sizes in OpenAI's first files.
pub(super) const OTHERS: &[&str] = &[
    "text.",
    "transformer.",
    "token_embedding.",
    "positional_embedding",
    "ln_final.",
    "text_projection",
    "logit_scale",
    "logit_bias",
    "input_resolution",
    "context_length",
    "vocab_size",
    "visual.proj",
    "visual.head.",
];

/// Options of open_clip's vision transformer that change its outputs and are not supported.
const UNSUPPORTED: &[&str] =
    &["attentional_pool", "pos_embed_type", "final_ln_after_pool", "attn_pooler_queries", "no_ln_pre"];

/// The tower of `config`, open_clip's `vision_cfg`. Widths and depths are derived from shapes.
pub(super) fn tower(tensors: &Arc<dyn Tensors>, config: &Value, quick: bool) -> Result<Import> {
    let side = |value: &Value| value.as_i64().or_else(|| value[0].as_i64());
    let size = side(&config["image_size"]).unwrap_or(224);
    if let Some(architecture) = config["timm_model_name"].as_str() {
        let hints = Hints { architecture, heads: None, pool: timm_vit::pool(config["timm_pool"].as_str()) };
        let mut import = timm::tower(tensors, "visual.trunk.", &hints, Some(size))?;
        add_others(&mut import);
        return Ok(import);
    }
    let width = config["width"].as_i64();
    let head_width = config["head_width"].as_i64().unwrap_or(64).max(1);
    let mut import = if config["layers"].is_array() { modified_resnet(tensors)? } else { vit(tensors)? };
    import.needs.clear();
    let heads = if config["layers"].is_array() { ("pool_heads", 32) } else { ("heads", 1) };
    let width = width.unwrap_or(if heads.1 == 1 { 768 } else { 64 });
    import.settings.insert(heads.0.into(), (width * heads.1 / head_width).into());
    import.settings.insert("image_size".into(), size.into());
    if heads.0 == "heads" {
        import.settings.insert("activation".into(), activation(quick).into());
        vit_options(&mut import, config, tensors)?;
    }
    Ok(import)
}

fn vit_options(import: &mut Import, config: &Value, tensors: &Arc<dyn Tensors>) -> Result<()> {
    for key in UNSUPPORTED {
        let plain = matches!(&config[*key], Value::Null | Value::Bool(false))
            || config[*key] == "learnable"
            || *key == "attn_pooler_queries";
        let file = tensors.place().display();
        ensure!(plain, "{file}: a vision transformer with {key} = {} is not supported", config[*key]);
    }
    let pool = match config["pool_type"].as_str().unwrap_or("tok") {
        "avg" => "avg",
        _ if config["global_average_pool"] == true => "avg",
        _ => "cls",
    };
    import.settings.insert("pool".into(), pool.into());
    Ok(())
}

/// A vision transformer, without heads and activation.
pub(super) fn vit(tensors: &Arc<dyn Tensors>) -> Result<Import> {
    let at = |name: &str| format!("visual.{name}");
    let width = dim(&**tensors, &at("conv1.weight"), 0)?;
    let patch = dim(&**tensors, &at("conv1.weight"), 2)?;
    let rows = dim(&**tensors, &at("positional_embedding"), 0)?;
    let (side, _) =
        grid(rows).with_context(|| format!("{rows} positions are not a square grid and a class token"))?;
    let inner = dim(&**tensors, &at("transformer.resblocks.0.mlp.c_fc.weight"), 0)?;
    let scaled = tensors.has(&at("transformer.resblocks.0.ls_1.gamma"));
    let import = Import::new(
        "vit",
        [
            ("image_size", (side * patch).into()),
            ("patch_size", patch.into()),
            ("width", width.into()),
            ("depth", count(&**tensors, &at("transformer.resblocks."), ".ln_1.weight").into()),
            ("mlp_ratio", ratio(inner, width).into()),
            ("pool", "cls".into()),
            // Average pooling is over normalised tokens.
            ("final_norm", "tokens".into()),
            ("pre_norm", true.into()),
            ("patch_bias", false.into()),
            ("layer_scale", if scaled { 1e-5 } else { 0.0 }.into()),
            ("norm_eps", 1e-5.into()),
        ],
    );
    let weights = Weights::new(tensors, "visual.", VIT, OTHERS)
        .resampling("embeddings.position", Positions::Grid { antialias: true });
    Ok(Import { needs: vec!["heads", "activation"], ..import.with(weights) })
}

/// OpenAI's ResNet, without heads of the attention pooling.
pub(super) fn modified_resnet(tensors: &Arc<dyn Tensors>) -> Result<Import> {
    let mut import = resnet::openai(tensors, "visual.", OTHERS)?;
    import.needs.push("pool_heads");
    let rows = dim(&**tensors, "visual.attnpool.positional_embedding", 0)?;
    let (side, _) =
        grid(rows).with_context(|| format!("{rows} positions are not a square grid and an average"))?;
    let stages = import.settings["layers"].as_array().map_or(4, Vec::len);
    // The stem halves the image twice, and each stage but the first halves it once.
    import.settings.insert("image_size".into(), (side * (2 << stages)).into());
    Ok(import)
}

/// The projection into the shared space. OpenAI's ResNet includes it.
pub(super) fn projection(tensors: &Arc<dyn Tensors>) -> Result<Option<Import>> {
    if let Some(matrix) = two_towers::matrix(tensors, "visual.proj", MATRIX)? {
        return Ok(Some(matrix));
    }
    if let Some(linear) = two_towers::linear(tensors, "visual.head.proj", LINEAR)? {
        return Ok(Some(linear));
    }
    let mlp = two_towers::mlp(tensors, ["visual.head.mlp.fc1", "visual.head.mlp.fc2"], MLP);
    Ok(Some(mlp.unwrap_or_else(|| Import::new("identity", []))))
}

/// The activation of both transformers.
pub(super) fn activation(quick: bool) -> &'static str {
    if quick { "quick_gelu" } else { "gelu" }
}

/// Marks the other parts of the model as optional for a timm tower.
fn add_others(import: &mut Import) {
    if let Some(weights) = import.weights.take() {
        import.weights = Some(weights.with_optional(OTHERS));
    }
}
