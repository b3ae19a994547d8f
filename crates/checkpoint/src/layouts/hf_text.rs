//! Text towers of Hugging Face: BERT, DistilBERT and CLIP.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::activation::from_transformers;
use super::hf_clip;
use super::location::TowerLocation;
use crate::json;
use crate::rename::Row;
use crate::{Import, Weights};

pub(crate) const BERT: &[Row] = &[
    ("embeddings.word", "embeddings.word_embeddings.weight"),
    ("embeddings.position", "embeddings.position_embeddings.weight"),
    ("embeddings.token_type", "embeddings.token_type_embeddings.weight"),
    ("embeddings.norm", "embeddings.LayerNorm"),
    ("blocks.*.attn.qkv", "encoder.layer.*.attention.self.{query,key,value}"),
    ("blocks.*.attn.out", "encoder.layer.*.attention.output.dense"),
    ("blocks.*.norm1", "encoder.layer.*.attention.output.LayerNorm"),
    ("blocks.*.mlp.fc1", "encoder.layer.*.intermediate.dense"),
    ("blocks.*.mlp.fc2", "encoder.layer.*.output.dense"),
    ("blocks.*.norm2", "encoder.layer.*.output.LayerNorm"),
    ("head.pooler", "pooler.dense"),
];

pub(super) const DISTILBERT: &[Row] = &[
    ("embeddings.word", "embeddings.word_embeddings.weight"),
    ("embeddings.position", "embeddings.position_embeddings.weight"),
    ("embeddings.norm", "embeddings.LayerNorm"),
    ("blocks.*.attn.qkv", "transformer.layer.*.attention.{q_lin,k_lin,v_lin}"),
    ("blocks.*.attn.out", "transformer.layer.*.attention.out_lin"),
    ("blocks.*.norm1", "transformer.layer.*.sa_layer_norm"),
    ("blocks.*.mlp.fc1", "transformer.layer.*.ffn.lin1"),
    ("blocks.*.mlp.fc2", "transformer.layer.*.ffn.lin2"),
    ("blocks.*.norm2", "transformer.layer.*.output_layer_norm"),
];

/// Prefixes of pretraining heads, and the pooler, which is needed only with `pool = "pooler"`.
const OPTIONAL: &[&str] =
    &["cls.", "classifier.", "qa_outputs.", "vocab_", "pre_classifier.", "pooler.dense."];

/// The tensor that identifies BERT and DistilBERT.
const PROBE: &str = "embeddings.word_embeddings.weight";

/// Whether a `model_type` is a text tower.
pub(super) fn is_text(kind: &str) -> bool {
    matches!(kind, "bert" | "distilbert" | "clip_text_model")
}

/// Reads the tower of `config`; `pool` is the pooling of sentence transformers, if configured.
pub(super) fn read(config: &Value, place: &TowerLocation, pool: Option<&str>) -> Result<Import> {
    let pool = if place.pooler { "pooler" } else { pool.unwrap_or("cls") };
    match config["model_type"].as_str().unwrap_or_default() {
        "bert" => bert(config, place, pool),
        "distilbert" => distilbert(config, place, pool),
        "clip_text_model" => hf_clip::text(config, place),
        other => bail!(
            "{}: Hugging Face's text tower `{other}` is not supported; supported are bert, distilbert and clip",
            place.tensors.place().display()
        ),
    }
}

/// Weights of a BERT; the pooler may stay unused unless pooling needs it.
pub(super) fn weights(place: &TowerLocation, table: &[Row], pool: &str) -> Result<Weights> {
    let needed = usize::from(pool == "pooler");
    place.weights(PROBE, table, &OPTIONAL[..OPTIONAL.len() - needed])
}

/// `BertConfig` with its defaults.
#[derive(Deserialize)]
#[serde(default)]
struct Bert {
    vocab_size: i64,
    hidden_size: i64,
    num_hidden_layers: i64,
    num_attention_heads: i64,
    intermediate_size: i64,
    hidden_act: String,
    hidden_dropout_prob: f64,
    attention_probs_dropout_prob: f64,
    max_position_embeddings: i64,
    type_vocab_size: i64,
    layer_norm_eps: f64,
    position_embedding_type: Option<String>,
}

impl Default for Bert {
    fn default() -> Self {
        Self {
            vocab_size: 30522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: "gelu".into(),
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            position_embedding_type: None,
        }
    }
}

fn bert(config: &Value, place: &TowerLocation, pool: &str) -> Result<Import> {
    let bert: Bert = json::take(config, "the configuration of the BERT")?;
    let positions = bert.position_embedding_type.as_deref().unwrap_or("absolute");
    ensure!(
        positions == "absolute",
        "a BERT with {positions} positions is not supported, only absolute positions"
    );
    let settings = [
        ("vocab", bert.vocab_size.into()),
        ("context", bert.max_position_embeddings.into()),
        ("token_types", bert.type_vocab_size.into()),
        ("width", bert.hidden_size.into()),
        ("depth", bert.num_hidden_layers.into()),
        ("heads", bert.num_attention_heads.into()),
        ("mlp_dim", bert.intermediate_size.into()),
        ("activation", from_transformers(&bert.hidden_act)?.into()),
        ("pool", pool.into()),
        ("norm_eps", bert.layer_norm_eps.into()),
        ("dropout", bert.hidden_dropout_prob.into()),
        ("attention_dropout", bert.attention_probs_dropout_prob.into()),
    ];
    Ok(Import::new("bert", settings).with(weights(place, BERT, pool)?))
}

/// `DistilBertConfig` with its defaults.
#[derive(Deserialize)]
#[serde(default)]
struct DistilBert {
    vocab_size: i64,
    max_position_embeddings: i64,
    n_layers: i64,
    n_heads: i64,
    dim: i64,
    hidden_dim: i64,
    dropout: f64,
    attention_dropout: f64,
    activation: String,
}

impl Default for DistilBert {
    fn default() -> Self {
        Self {
            vocab_size: 30522,
            max_position_embeddings: 512,
            n_layers: 6,
            n_heads: 12,
            dim: 768,
            hidden_dim: 3072,
            dropout: 0.1,
            attention_dropout: 0.1,
            activation: "gelu".into(),
        }
    }
}

fn distilbert(config: &Value, place: &TowerLocation, pool: &str) -> Result<Import> {
    ensure!(pool != "pooler", "{}: a DistilBERT has no pooler", place.tensors.place().display());
    let bert: DistilBert = json::take(config, "the configuration of the DistilBERT")?;
    let settings = [
        ("vocab", bert.vocab_size.into()),
        ("context", bert.max_position_embeddings.into()),
        ("token_types", 0.into()),
        ("width", bert.dim.into()),
        ("depth", bert.n_layers.into()),
        ("heads", bert.n_heads.into()),
        ("mlp_dim", bert.hidden_dim.into()),
        ("activation", from_transformers(&bert.activation)?.into()),
        ("pool", pool.into()),
        ("norm_eps", 1e-12.into()),
        ("dropout", bert.dropout.into()),
        ("attention_dropout", bert.attention_dropout.into()),
    ];
    Ok(Import::new("bert", settings).with(weights(place, DISTILBERT, pool)?))
}
