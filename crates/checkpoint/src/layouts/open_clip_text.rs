//! Text towers with OpenAI's names, as in open_clip: flat, or below `text.`.

use std::sync::Arc;

use anyhow::{Result, bail};
use serde_json::Value;

use super::location::TowerLocation;
use super::open_clip_vision::activation;
use super::shapes::{count, dim, ratio};
use super::{hf_text, two_towers};
use crate::positions::Positions;
use crate::rename::Row;
use crate::source::Tensors;
use crate::{Import, Weights};

pub(crate) const TABLE: &[Row] = &[
    ("embeddings.word", "token_embedding.weight"),
    ("embeddings.position", "positional_embedding"),
    ("blocks.*.norm1", "transformer.resblocks.*.ln_1"),
    ("blocks.*.attn.qkv.weight", "transformer.resblocks.*.attn.in_proj_weight"),
    ("blocks.*.attn.qkv.bias", "transformer.resblocks.*.attn.in_proj_bias"),
    ("blocks.*.attn.out", "transformer.resblocks.*.attn.out_proj"),
    ("blocks.*.norm2", "transformer.resblocks.*.ln_2"),
    ("blocks.*.mlp.fc1", "transformer.resblocks.*.mlp.c_fc"),
    ("blocks.*.mlp.fc2", "transformer.resblocks.*.mlp.c_proj"),
    ("head.norm", "ln_final"),
];

const FLAT: &[Row] = &[("weight", "text_projection^T")];
const BELOW: &[Row] = &[("weight", "text.text_projection^T")];
const LINEAR: &[Row] = &[("weight", "text.text_projection.weight"), ("bias", "text.text_projection.bias")];
const HF_LINEAR: &[Row] = &[("weight", "text.proj.weight")];
const HF_MLP: &[Row] = &[("fc1", "text.proj.0"), ("fc2", "text.proj.2")];

/// Prefixes of tensors that belong to no text tower.
const OTHERS: &[&str] = &[
    "visual.",
    "text_projection",
    "text.proj",
    "logit_scale",
    "logit_bias",
    "input_resolution",
    "context_length",
    "vocab_size",
    "attn_mask",
];

/// The tower of `config`, open_clip's `text_cfg`. Widths and depths are derived from shapes.
pub(super) fn tower(tensors: &Arc<dyn Tensors>, config: &Value, quick: bool) -> Result<Import> {
    if config["hf_model_name"].is_string() {
        return huggingface(tensors, config);
    }
    let mut import = transformer(tensors)?;
    import.needs.clear();
    let settings: [(&str, toml::Value); 4] = [
        ("heads", config["heads"].as_i64().unwrap_or(8).into()),
        ("activation", activation(quick).into()),
        ("causal", (config["no_causal_mask"] != true).into()),
        ("pool", pool(config["pool_type"].as_str())?.into()),
    ];
    import.settings.extend(settings.map(|(key, value)| (key.to_owned(), value)));
    if let Some(end) = config["eos_id"].as_i64() {
        import.settings.insert("eos_id".into(), end.into());
    }
    Ok(import)
}

fn pool(name: Option<&str>) -> Result<&'static str> {
    Ok(match name {
        None | Some("argmax") => "argmax",
        Some("last") => "last",
        Some("eos") => "eos",
        Some(other) => {
            bail!("open_clip's text pooling `{other}` is not supported; supported are argmax, eos and last")
        }
    })
}

/// CLIP's text transformer, without heads and activation.
pub(super) fn transformer(tensors: &Arc<dyn Tensors>) -> Result<Import> {
    let prefix = if tensors.has("text.token_embedding.weight") { "text." } else { "" };
    let at = |name: &str| format!("{prefix}{name}");
    let width = dim(&**tensors, &at("token_embedding.weight"), 1)?;
    let inner = dim(&**tensors, &at("transformer.resblocks.0.mlp.c_fc.weight"), 0)?;
    let import = Import::new(
        "clip_transformer",
        [
            ("vocab", dim(&**tensors, &at("token_embedding.weight"), 0)?.into()),
            ("context", dim(&**tensors, &at("positional_embedding"), 0)?.into()),
            ("width", width.into()),
            ("depth", count(&**tensors, &at("transformer.resblocks."), ".ln_1.weight").into()),
            ("mlp_ratio", ratio(inner, width).into()),
            ("pool", "argmax".into()),
            ("norm_eps", 1e-5.into()),
        ],
    );
    let weights =
        Weights::new(tensors, prefix, TABLE, OTHERS).resampling("embeddings.position", Positions::Line);
    Ok(Import { needs: vec!["heads", "activation"], ..import.with(weights) })
}

/// A Hugging Face BERT in an open_clip model, without heads, because its own configuration is not stored.
fn huggingface(tensors: &Arc<dyn Tensors>, config: &Value) -> Result<Import> {
    let place = TowerLocation { tensors, within: "text.transformer.", others: OTHERS, pooler: false };
    let pool = match config["hf_pooler_type"].as_str().or(config["pooler_type"].as_str()) {
        None | Some("mean_pooler") => "mean",
        Some("cls_last_hidden_state_pooler") => "cls",
        Some("cls_pooler") => "pooler",
        Some(other) => bail!("open_clip's text pooling `{other}` is not supported"),
    };
    bert(&place, pool)
}

/// A BERT or DistilBERT with settings derived from shapes, without heads.
pub(super) fn bert(place: &TowerLocation, pool: &str) -> Result<Import> {
    let distil =
        place.tensors.names().iter().any(|name| name.contains("transformer.layer.0.attention.q_lin"));
    let table = if distil { hf_text::DISTILBERT } else { hf_text::BERT };
    let weights = hf_text::weights(place, table, pool)?;
    let at = |name: &str| format!("{}{name}", weights.prefix());
    let (blocks, inner) = match distil {
        true => ("transformer.layer.", "transformer.layer.0.ffn.lin1.weight"),
        false => ("encoder.layer.", "encoder.layer.0.intermediate.dense.weight"),
    };
    let after = if distil { ".attention.q_lin.weight" } else { ".attention.self.query.weight" };
    let tensors = &**place.tensors;
    let import = Import::new(
        "bert",
        [
            ("vocab", dim(tensors, &at("embeddings.word_embeddings.weight"), 0)?.into()),
            ("context", dim(tensors, &at("embeddings.position_embeddings.weight"), 0)?.into()),
            (
                "token_types",
                tensors.dim(&at("embeddings.token_type_embeddings.weight"), 0).unwrap_or(0).into(),
            ),
            ("width", dim(tensors, &at("embeddings.word_embeddings.weight"), 1)?.into()),
            ("depth", count(tensors, &at(blocks), after).into()),
            ("mlp_dim", dim(tensors, &at(inner), 0)?.into()),
            ("pool", pool.into()),
        ],
    );
    Ok(Import { needs: vec!["heads"], ..import.with(weights) })
}

/// The projection into the shared space.
pub(super) fn projection(tensors: &Arc<dyn Tensors>) -> Result<Option<Import>> {
    for (name, table) in [("text_projection", FLAT), ("text.text_projection", BELOW)] {
        if let Some(matrix) = two_towers::matrix(tensors, name, table)? {
            return Ok(Some(matrix));
        }
    }
    for (name, table) in [("text.text_projection", LINEAR), ("text.proj", HF_LINEAR)] {
        if let Some(linear) = two_towers::linear(tensors, name, table)? {
            return Ok(Some(linear));
        }
    }
    let mlp = two_towers::mlp(tensors, ["text.proj.0", "text.proj.2"], HF_MLP);
    Ok(Some(mlp.unwrap_or_else(|| Import::new("identity", []))))
}
