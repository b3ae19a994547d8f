//! Towers of transformers with a pooler: ViT and BERT.

use anyhow::Result;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

use super::clip::class_token;
use super::part::{Part, eye, require};
use crate::layouts::{activation::to_transformers, hf_image, hf_text};

/// The conflicts of an image tower with `ViTModel` of transformers.
pub(super) fn vit_conflicts(image: &Part) -> Vec<String> {
    if image.plugin != "vit" {
        let reason = "its output in transformers is a feature map, which a projection cannot take";
        return vec![format!("the image tower is `{}`: {reason}", image.plugin)];
    }
    let pool = image.str("pool");
    let all = [
        require(
            matches!(pool, "cls" | "pooler"),
            format!("the image tower pools by `{pool}`, but the format requires the class token"),
        ),
        require(
            !image.is("pre_norm"),
            "the image tower has a norm before its blocks (`pre_norm`), but ViTModel has none",
        ),
        require(
            image.is("patch_bias"),
            "the image tower's patch embedding has no bias (`patch_bias`), but ViTModel's has",
        ),
        require(
            image.float("layer_scale") == 0.0,
            "the image tower has layer scale (`layer_scale`), which the format does not support",
        ),
        class_token(image),
    ];
    all.into_iter().flatten().collect()
}

/// The conflicts of a text tower with `BertModel` of transformers.
pub(super) fn bert_conflicts(text: &Part) -> Vec<String> {
    if text.plugin != "bert" {
        return vec![format!("the text tower is `{}`, neither BERT nor CLIP's", text.plugin)];
    }
    let pool = text.str("pool");
    let message = format!(
        "the text tower pools by `{pool}`, but VisionTextDualEncoderModel uses BERT's pooler (`pool = \"pooler\"`)"
    );
    let all = [
        require(pool == "pooler", message),
        require(text.int("token_types") > 0, "the text tower has no token types, but BertModel has"),
    ];
    all.into_iter().flatten().collect()
}

/// Configuration and tensors of a ViT. If it pools by the class token, an identity pooler is added.
pub(super) fn vit(image: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let width = image.int("width");
    let identity_pooler = image.str("pool") == "cls";
    let config = json!({
        "model_type": "vit",
        "image_size": image.int("image_size"),
        "patch_size": image.int("patch_size"),
        "num_channels": 3,
        "hidden_size": width,
        "num_hidden_layers": image.int("depth"),
        "num_attention_heads": image.int("heads"),
        "intermediate_size": image.mlp_dim(),
        "hidden_act": to_transformers(image.str("activation")),
        "qkv_bias": image.is("qkv_bias"),
        "layer_norm_eps": image.norm_eps(),
        "hidden_dropout_prob": image.float("dropout"),
        "attention_probs_dropout_prob": image.float("attention_dropout"),
        "pooler_act": if identity_pooler { "linear" } else { "tanh" },
        "pooler_output_size": width,
    });
    let three_dims = ["embeddings.cls_token", "embeddings.position_embeddings"];
    let mut tensors = image.renamed("vision_model.", hf_image::VIT, &three_dims)?;
    if identity_pooler {
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
        "hidden_act": to_transformers(text.str("activation")),
        "layer_norm_eps": text.norm_eps(),
        "hidden_dropout_prob": text.float("dropout"),
        "attention_probs_dropout_prob": text.float("attention_dropout"),
    });
    Ok((config, text.renamed("text_model.", hf_text::BERT, &[])?))
}
