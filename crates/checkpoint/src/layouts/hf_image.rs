//! Image towers of Hugging Face: ViT, ResNet and CLIP.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use tch::{Device, Kind, Tensor};

use super::activation::from_transformers;
use super::hf_clip;
use super::location::TowerLocation;
use super::shapes::ratio;
use crate::json;
use crate::positions::Positions;
use crate::rename::Row;
use crate::{Import, Weights};

pub(crate) const VIT: &[Row] = &[
    ("embeddings.cls", "embeddings.cls_token"),
    ("embeddings.position", "embeddings.position_embeddings"),
    ("embeddings.patch", "embeddings.patch_embeddings.projection"),
    ("blocks.*.norm1", "encoder.layer.*.layernorm_before"),
    ("blocks.*.attn.qkv", "encoder.layer.*.attention.attention.{query,key,value}"),
    ("blocks.*.attn.out", "encoder.layer.*.attention.output.dense"),
    ("blocks.*.norm2", "encoder.layer.*.layernorm_after"),
    ("blocks.*.mlp.fc1", "encoder.layer.*.intermediate.dense"),
    ("blocks.*.mlp.fc2", "encoder.layer.*.output.dense"),
    ("head.norm", "layernorm"),
    ("head.pooler", "pooler.dense"),
];

const RESNET: &[Row] = &[
    ("stem.conv1", "embedder.embedder.convolution"),
    ("stem.bn1", "embedder.embedder.normalization"),
    ("stages.*.*.conv*", "encoder.stages.*.layers.*.layer.-.convolution"),
    ("stages.*.*.bn*", "encoder.stages.*.layers.*.layer.-.normalization"),
    ("stages.*.*.shortcut.conv", "encoder.stages.*.layers.*.shortcut.convolution"),
    ("stages.*.*.shortcut.bn", "encoder.stages.*.layers.*.shortcut.normalization"),
];

/// Prefixes of heads, and of the pooler, which is needed only if it pools.
const OPTIONAL: &[&str] = &["classifier.", "pooler.dense.", "embeddings.mask_token", "decoder."];

/// Whether a `model_type` is an image tower.
pub(super) fn is_image(kind: &str) -> bool {
    matches!(kind, "vit" | "resnet" | "clip_vision_model")
}

/// Reads the tower of `config`.
pub(super) fn read(config: &Value, place: &TowerLocation) -> Result<Import> {
    match config["model_type"].as_str().unwrap_or_default() {
        "vit" => vit(config, place),
        "resnet" => resnet(config, place),
        "clip_vision_model" => hf_clip::image(config, place),
        other => bail!(
            "{}: Hugging Face's image tower `{other}` is not supported; supported are vit, resnet and clip",
            place.tensors.place().display()
        ),
    }
}

/// `ViTConfig` with its defaults.
#[derive(Deserialize)]
#[serde(default)]
struct Vit {
    image_size: i64,
    patch_size: i64,
    hidden_size: i64,
    intermediate_size: i64,
    num_hidden_layers: i64,
    num_attention_heads: i64,
    hidden_act: String,
    layer_norm_eps: f64,
    qkv_bias: bool,
    hidden_dropout_prob: f64,
    attention_probs_dropout_prob: f64,
    pooler_act: String,
    pooler_output_size: Option<i64>,
}

impl Default for Vit {
    fn default() -> Self {
        Self {
            image_size: 224,
            patch_size: 16,
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            hidden_act: "gelu".into(),
            layer_norm_eps: 1e-12,
            qkv_bias: true,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
            pooler_act: "tanh".into(),
            pooler_output_size: None,
        }
    }
}

fn vit(config: &Value, place: &TowerLocation) -> Result<Import> {
    let vit: Vit = json::take(config, "the configuration of the ViT")?;
    let same_width = vit.pooler_output_size.is_none_or(|size| size == vit.hidden_size);
    let identity = place.pooler && same_width && vit.pooler_act == "linear" && is_identity(place)?;
    let supported = identity || (vit.pooler_act == "tanh" && same_width);
    ensure!(
        supported || !place.pooler,
        "{}: a ViT whose pooler is not a tanh of the token width is not supported",
        place.tensors.place().display()
    );
    let weights = vit_weights(&TowerLocation { pooler: place.pooler && !identity, ..*place })?;
    let settings = [
        ("image_size", vit.image_size.into()),
        ("patch_size", vit.patch_size.into()),
        ("width", vit.hidden_size.into()),
        ("depth", vit.num_hidden_layers.into()),
        ("heads", vit.num_attention_heads.into()),
        ("mlp_ratio", ratio(vit.intermediate_size, vit.hidden_size).into()),
        ("activation", from_transformers(&vit.hidden_act)?.into()),
        ("pool", if place.pooler && !identity { "pooler" } else { "cls" }.into()),
        ("qkv_bias", vit.qkv_bias.into()),
        ("norm_eps", vit.layer_norm_eps.into()),
        ("dropout", vit.hidden_dropout_prob.into()),
        ("attention_dropout", vit.attention_probs_dropout_prob.into()),
    ];
    Ok(Import::new("vit", settings).with(weights))
}

/// Whether the pooler is the identity, as in exports of towers that pool by the class token.
fn is_identity(place: &TowerLocation) -> Result<bool> {
    let file = place.tensors;
    let at = |name: &str| format!("{}pooler.dense.{name}", place.within);
    if !file.has(&at("weight")) || !file.has(&at("bias")) {
        return Ok(false);
    }
    let (weight, bias) = (file.tensor(&at("weight"))?, file.tensor(&at("bias"))?);
    let unit = Tensor::f_eye(bias.size()[0], (Kind::Float, Device::Cpu))?;
    let same = weight.size() == unit.size() && weight.f_to_kind(Kind::Float)?.f_equal(&unit)?;
    Ok(same && bias.f_count_nonzero(None)?.f_int64_value(&[])? == 0)
}

/// Weights of a ViT; the pooler may stay unused unless it pools.
pub(super) fn vit_weights(place: &TowerLocation) -> Result<Weights> {
    let optional = if place.pooler { &OPTIONAL[..1] } else { OPTIONAL };
    let weights = place.weights("embeddings.cls_token", VIT, optional)?;
    Ok(weights.resampling("embeddings.position", Positions::Grid { antialias: false }))
}

/// `ResNetConfig` with its defaults.
#[derive(Deserialize)]
#[serde(default)]
struct ResNet {
    embedding_size: i64,
    hidden_sizes: Vec<i64>,
    depths: Vec<i64>,
    layer_type: String,
    hidden_act: String,
    downsample_in_first_stage: bool,
    downsample_in_bottleneck: bool,
}

impl Default for ResNet {
    fn default() -> Self {
        Self {
            embedding_size: 64,
            hidden_sizes: vec![256, 512, 1024, 2048],
            depths: vec![3, 4, 6, 3],
            layer_type: "bottleneck".into(),
            hidden_act: "relu".into(),
            downsample_in_first_stage: false,
            downsample_in_bottleneck: false,
        }
    }
}

fn resnet(config: &Value, place: &TowerLocation) -> Result<Import> {
    let file = place.tensors.place().display();
    ensure!(!place.pooler, "{file}: a ResNet in a VisionTextDualEncoderModel is not supported");
    let resnet: ResNet = json::take(config, "the configuration of the ResNet")?;
    ensure!(
        resnet.hidden_act == "relu",
        "{file}: a ResNet with the activation `{}` is not supported, only relu",
        resnet.hidden_act
    );
    let weights = place.weights("embedder.embedder.convolution.weight", RESNET, OPTIONAL)?;
    let settings = [
        ("layers", resnet.depths.into()),
        ("block", resnet.layer_type.into()),
        ("stem_width", resnet.embedding_size.into()),
        ("widths", resnet.hidden_sizes.into()),
        ("stride_in", if resnet.downsample_in_bottleneck { "1x1" } else { "3x3" }.into()),
        ("first_stride", resnet.downsample_in_first_stage.into()),
    ];
    Ok(Import::new("resnet", settings).with(weights))
}
