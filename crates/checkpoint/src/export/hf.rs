//! Hugging Face transformers: `CLIPModel` where both towers are CLIP's, else `VisionTextDualEncoderModel`.

use anyhow::Result;
use serde_json::{Value, json};
use tch::Tensor;

use super::part::{Part, matrix, matrix_conflict, require, scalar};
use super::{Files, Model, check_supported, clip, pooled, preprocessing, tokenizer};
use crate::layouts::{activation::to_transformers, hf_clip};

/// The default logit scale of transformers, CLIP's, for a model without one.
const LOGIT_SCALE: f64 = 2.6592;
/// The end token id that transformers treats as "the highest id of the text".
const ARGMAX: i64 = 2;

pub(super) fn files(model: &Model) -> Result<Files> {
    let (image, text) = (image_conflicts(&model.image), text_conflicts(&model.text));
    let heads = heads(model);
    let whole = [&image[..], &text[..], &heads[..]].concat();
    let kind = if whole.is_empty() { "CLIPModel" } else { "VisionTextDualEncoderModel" };
    // Each tower of a dual encoder may be CLIP's or ViT/BERT: the conflicts listed are those of the closer one.
    let is_clip = [image.is_empty(), text.is_empty()];
    if !whole.is_empty() {
        let image = if is_clip[0] { Vec::new() } else { closer(&model.image, image, pooled::vit_conflicts) };
        let text = if is_clip[1] { Vec::new() } else { closer(&model.text, text, pooled::bert_conflicts) };
        check_supported("Hugging Face's layout", &[image, text, heads].concat())?;
    }
    let (image, image_tensors) =
        if is_clip[0] { clip_image(&model.image)? } else { pooled::vit(&model.image)? };
    let (text, text_tensors) = if is_clip[1] { clip_text(&model.text)? } else { pooled::bert(&model.text)? };
    let mut tensors = image_tensors.into_iter().chain(text_tensors).collect::<Vec<_>>();
    let widths = [model.image.int("width"), model.text.int("width")];
    tensors.push(matrix(&model.image_projection, widths[0], "visual_projection.weight")?);
    tensors.push(matrix(&model.text_projection, widths[1], "text_projection.weight")?);
    let scale = model.logit_scale.unwrap_or(LOGIT_SCALE);
    tensors.push(("logit_scale".into(), scalar(scale)?));
    let dim =
        tensors.iter().find(|(name, _)| name == "text_projection.weight").map(|(_, tensor)| tensor.size()[0]);
    let config = json!({
        "architectures": [kind],
        "model_type": if kind == "CLIPModel" { "clip" } else { "vision-text-dual-encoder" },
        "dtype": "float32",
        "projection_dim": dim,
        "logit_scale_init_value": scale,
        "vision_config": with_dim(image, dim),
        "text_config": with_dim(text, dim),
    });
    let mut documents = vec![("config.json", config), preprocessing::huggingface(&model.preprocess)];
    documents.extend(tokenizer::documents(&model.tokens)?);
    Ok(Files { kind, weights: "model.safetensors", tensors, documents, remarks: remarks(model) })
}

fn remarks(model: &Model) -> Vec<String> {
    let message =
        "the logit bias is omitted, because transformers does not support it; embeddings are not affected";
    require(model.logit_bias.is_none(), message).into_iter().collect()
}

fn heads(model: &Model) -> Vec<String> {
    let both =
        [matrix_conflict(&model.image_projection, "image"), matrix_conflict(&model.text_projection, "text")];
    both.into_iter().flatten().collect()
}

/// The conflicts of a tower with the architecture that fits better.
fn closer(part: &Part, clip: Vec<String>, other: fn(&Part) -> Vec<String>) -> Vec<String> {
    let other = other(part);
    if other.len() <= clip.len() { other } else { clip }
}

fn image_conflicts(image: &Part) -> Vec<String> {
    let mut all = clip::image_conflicts(image);
    if image.plugin == "vit" {
        let pool = image.str("pool");
        let message = format!("the image tower pools by `{pool}`, but the format requires the class token");
        all.extend(require(pool == "cls", message));
        all.extend(require(
            image.float("layer_scale") == 0.0,
            "the image tower has layer scale (`layer_scale`), which the format does not support",
        ));
    }
    all
}

fn text_conflicts(text: &Part) -> Vec<String> {
    let mut all = clip::text_conflicts(text);
    if all.is_empty() {
        let end = text.str("pool") != "eos" || text.int("eos_id") != ARGMAX;
        all.extend(require(end, "the end token is 2, which transformers treats as the highest id"));
    }
    all
}

fn with_dim(mut config: Value, dim: Option<i64>) -> Value {
    config["projection_dim"] = dim.into();
    config
}

/// The common configuration of both CLIP towers.
fn transformer(part: &Part, kind: &str) -> Value {
    json!({
        "model_type": kind,
        "hidden_size": part.int("width"),
        "num_hidden_layers": part.int("depth"),
        "num_attention_heads": part.int("heads"),
        "intermediate_size": part.mlp_dim(),
        "hidden_act": to_transformers(part.str("activation")),
        "layer_norm_eps": part.norm_eps(),
        "attention_dropout": part.float("attention_dropout"),
    })
}

fn clip_image(image: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let mut config = transformer(image, "clip_vision_model");
    config["image_size"] = image.int("image_size").into();
    config["patch_size"] = image.int("patch_size").into();
    config["num_channels"] = 3.into();
    Ok((config, image.renamed("vision_model.", hf_clip::IMAGE, &[])?))
}

fn clip_text(text: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let mut config = transformer(text, "clip_text_model");
    let vocab = text.int("vocab");
    let end = if text.str("pool") == "eos" { text.int("eos_id") } else { ARGMAX };
    config["vocab_size"] = vocab.into();
    config["max_position_embeddings"] = text.int("context").into();
    config["eos_token_id"] = end.into();
    // Used only for text generation; the defaults may exceed a small vocabulary.
    config["bos_token_id"] = (vocab - 2).max(0).into();
    config["pad_token_id"] = (vocab - 1).max(0).into();
    Ok((config, text.renamed("text_model.", hf_clip::TEXT, &[])?))
}
