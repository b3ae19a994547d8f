//! Image towers of Hugging Face: ViT, ResNet, CLIP's.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use tch::{Device, Kind, Tensor};

use super::{hf_clip, prefix};
use crate::json;
use crate::positions::Positions;
use crate::rename::Row;
use crate::source::Tensors;
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

/// Tensors that a tower does not need: heads, and the pooler where pooling is another.
const SPARE: &[&str] = &["classifier.", "pooler.dense.", "embeddings.mask_token", "decoder."];

/// Where a tower stands in its checkpoint.
pub(super) struct Place<'a> {
    /// The file.
    pub tensors: &'a Arc<dyn Tensors>,
    /// Names of the tower begin with this.
    pub within: &'a str,
    /// Prefixes of the other parts of a whole model.
    pub others: &'a [&'a str],
    /// Whether the pooler's output is the feature, as in `VisionTextDualEncoderModel`.
    pub pooler: bool,
}

impl Place<'_> {
    /// The weights of a tower, found by a name that it surely has.
    pub fn weights(&self, probe: &str, table: &[Row], spare: &[&str]) -> Result<Weights> {
        let file = self.tensors.place().display();
        let prefix = prefix(&**self.tensors, self.within, probe)
            .with_context(|| format!("missing: no tensor in {file} is called `{}{probe}`", self.within))?;
        Ok(Weights::new(self.tensors, &prefix, table, &[self.others, spare].concat()))
    }
}

/// Whether a `model_type` is that of an image tower.
pub(super) fn is_image(kind: &str) -> bool {
    matches!(kind, "vit" | "resnet" | "clip_vision_model")
}

/// Reads the tower whose configuration is `config`.
pub(super) fn read(config: &Value, place: &Place) -> Result<Import> {
    match config["model_type"].as_str().unwrap_or_default() {
        "vit" => vit(config, place),
        "resnet" => resnet(config, place),
        "clip_vision_model" => hf_clip::image(config, place),
        other => bail!(
            "{}: no plugin computes the image tower `{other}` of Hugging Face; known are vit, resnet and clip",
            place.tensors.place().display()
        ),
    }
}

/// Defaults are those of `ViTConfig`.
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

fn vit(config: &Value, place: &Place) -> Result<Import> {
    let vit: Vit = json::take(config, "the configuration of the ViT")?;
    let wide = vit.pooler_output_size.is_none_or(|size| size == vit.hidden_size);
    let idle = place.pooler && wide && vit.pooler_act == "linear" && changes_nothing(place)?;
    let usual = idle || (vit.pooler_act == "tanh" && wide);
    ensure!(
        usual || !place.pooler,
        "{}: a ViT whose pooler is not a tanh as wide as its tokens is not offered",
        place.tensors.place().display()
    );
    let weights = vit_weights(&Place { pooler: place.pooler && !idle, ..*place })?;
    let settings = [
        ("image_size", vit.image_size.into()),
        ("patch_size", vit.patch_size.into()),
        ("width", vit.hidden_size.into()),
        ("depth", vit.num_hidden_layers.into()),
        ("heads", vit.num_attention_heads.into()),
        ("mlp_ratio", ratio(vit.intermediate_size, vit.hidden_size).into()),
        ("activation", activation(&vit.hidden_act)?.into()),
        ("pool", if place.pooler && !idle { "pooler" } else { "cls" }.into()),
        ("qkv_bias", vit.qkv_bias.into()),
        ("norm_eps", vit.layer_norm_eps.into()),
        ("dropout", vit.hidden_dropout_prob.into()),
        ("attention_dropout", vit.attention_probs_dropout_prob.into()),
    ];
    Ok(Import::new("vit", settings).with(weights))
}

/// Whether the pooler is the matrix that changes nothing, as in what we write for the class token itself.
fn changes_nothing(place: &Place) -> Result<bool> {
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

/// Weights of a ViT; the pooler may be left over unless it is what pools.
pub(super) fn vit_weights(place: &Place) -> Result<Weights> {
    let spare = if place.pooler { &SPARE[..1] } else { SPARE };
    let weights = place.weights("embeddings.cls_token", VIT, spare)?;
    Ok(weights.resampling("embeddings.position", Positions::Grid { antialias: false }))
}

/// Defaults are those of `ResNetConfig`.
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

fn resnet(config: &Value, place: &Place) -> Result<Import> {
    let file = place.tensors.place().display();
    ensure!(!place.pooler, "{file}: a ResNet inside a VisionTextDualEncoderModel is not offered");
    let resnet: ResNet = json::take(config, "the configuration of the ResNet")?;
    ensure!(
        resnet.hidden_act == "relu",
        "{file}: a ResNet with `{}` is not offered, only relu",
        resnet.hidden_act
    );
    let weights = place.weights("embedder.embedder.convolution.weight", RESNET, SPARE)?;
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

/// The width inside an MLP as a multiple of the width.
pub(super) fn ratio(inner: i64, width: i64) -> f64 {
    inner as f64 / width.max(1) as f64
}

/// Our name for one of transformers' activations.
pub(super) fn activation(name: &str) -> Result<&'static str> {
    Ok(match name {
        "gelu" | "gelu_python" => "gelu",
        "quick_gelu" => "quick_gelu",
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => "gelu_tanh",
        "relu" => "relu",
        other => {
            bail!("the activation `{other}` is not offered; offered are gelu, quick_gelu, gelu_new and relu")
        }
    })
}
