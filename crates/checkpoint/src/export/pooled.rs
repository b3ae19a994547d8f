//! Towers of transformers that end in a pooler: ViT and BERT.

use anyhow::Result;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

use super::clip::tokens;
use super::hf::activation;
use super::part::{Part, eye, unless};
use crate::layouts::{hf_image, hf_text};

/// What keeps an image tower from being transformers' `ViTModel`.
pub(super) fn vit_obstacles(image: &Part) -> Vec<String> {
    if image.plugin != "vit" {
        let words = "its features are a map there, which the projection cannot take";
        return vec![format!("the image tower is `{}`: {words}", image.plugin)];
    }
    let pool = image.word("pool");
    let all = [
        unless(
            matches!(pool, "cls" | "pooler"),
            format!("the image tower pools by `{pool}`, and theirs takes the class token"),
        ),
        unless(
            !image.is("pre_norm"),
            "the image tower has a norm before its blocks (`pre_norm`), ViTModel has none",
        ),
        unless(
            image.is("patch_bias"),
            "the image tower's patch embedding has no bias (`patch_bias`), ViTModel's has",
        ),
        unless(image.float("layer_scale") == 0.0, "the image tower scales its branches (`layer_scale`)"),
        tokens(image),
    ];
    all.into_iter().flatten().collect()
}

/// What keeps a text tower from being transformers' `BertModel`.
pub(super) fn bert_obstacles(text: &Part) -> Vec<String> {
    if text.plugin != "bert" {
        return vec![format!("the text tower is `{}`, neither a BERT nor CLIP's", text.plugin)];
    }
    let pool = text.word("pool");
    let words = format!(
        "the text tower pools by `{pool}`, and VisionTextDualEncoderModel takes BERT's pooler (`pool = \"pooler\"`)"
    );
    let all = [
        unless(pool == "pooler", words),
        unless(text.int("token_types") > 0, "the text tower has no token types, and BertModel has"),
    ];
    all.into_iter().flatten().collect()
}

/// Configuration and tensors of a ViT. Where the class token is the feature, a pooler that changes nothing follows it.
pub(super) fn vit(image: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let width = image.int("width");
    let plain = image.word("pool") == "cls";
    let config = json!({
        "model_type": "vit",
        "image_size": image.int("image_size"),
        "patch_size": image.int("patch_size"),
        "num_channels": 3,
        "hidden_size": width,
        "num_hidden_layers": image.int("depth"),
        "num_attention_heads": image.int("heads"),
        "intermediate_size": image.mlp_dim(),
        "hidden_act": activation(image.word("activation")),
        "qkv_bias": image.is("qkv_bias"),
        "layer_norm_eps": image.float("norm_eps"),
        "hidden_dropout_prob": image.float("dropout"),
        "attention_probs_dropout_prob": image.float("attention_dropout"),
        "pooler_act": if plain { "linear" } else { "tanh" },
        "pooler_output_size": width,
    });
    let deep = ["embeddings.cls_token", "embeddings.position_embeddings"];
    let mut tensors = image.renamed("vision_model.", hf_image::VIT, &deep)?;
    if plain {
        let bias = Tensor::f_zeros([width], (Kind::Float, Device::Cpu))?;
        tensors.push(("vision_model.pooler.dense.weight".into(), eye(width)?));
        tensors.push(("vision_model.pooler.dense.bias".into(), bias));
    }
    Ok((config, tensors))
}

/// Configuration and tensors of a BERT.
pub(super) fn bert(text: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let config = json!({
        "model_type": "bert",
        "vocab_size": text.int("vocab"),
        "max_position_embeddings": text.int("context"),
        "type_vocab_size": text.int("token_types"),
        "hidden_size": text.int("width"),
        "num_hidden_layers": text.int("depth"),
        "num_attention_heads": text.int("heads"),
        "intermediate_size": text.int("mlp_dim"),
        "hidden_act": activation(text.word("activation")),
        "layer_norm_eps": text.float("norm_eps"),
        "hidden_dropout_prob": text.float("dropout"),
        "attention_probs_dropout_prob": text.float("attention_dropout"),
    });
    Ok((config, text.renamed("text_model.", hf_text::BERT, &[])?))
}
