//! Hugging Face transformers: `CLIPModel` where both towers are CLIP's, else `VisionTextDualEncoderModel`.

use anyhow::Result;
use serde_json::{Value, json};
use tch::Tensor;

use super::part::{Part, matrix, no_matrix, scalar, unless};
use super::{Files, Model, allow, clip, pictures, pooled, tokenizer};
use crate::layouts::hf_clip;

/// What transformers starts from where a model has no scale of its own: that of CLIP.
const LOGIT_SCALE: f64 = 2.6592;
/// The end token that transformers takes for "the highest id of the text".
const ARGMAX: i64 = 2;

pub(super) fn files(model: &Model) -> Result<Files> {
    let (image, text) = (image_obstacles(&model.image), text_obstacles(&model.text));
    let heads = heads(model);
    let whole = [&image[..], &text[..], &heads[..]].concat();
    let kind = if whole.is_empty() { "CLIPModel" } else { "VisionTextDualEncoderModel" };
    // Each tower of a dual encoder may be CLIP's or another's: the reasons are those of the nearer one.
    let clips = [image.is_empty(), text.is_empty()];
    if !whole.is_empty() {
        let image = if clips[0] { Vec::new() } else { nearer(&model.image, image, pooled::vit_obstacles) };
        let text = if clips[1] { Vec::new() } else { nearer(&model.text, text, pooled::bert_obstacles) };
        allow("Hugging Face's layout", &[image, text, heads].concat())?;
    }
    let (image, image_tensors) =
        if clips[0] { clip_image(&model.image)? } else { pooled::vit(&model.image)? };
    let (text, text_tensors) = if clips[1] { clip_text(&model.text)? } else { pooled::bert(&model.text)? };
    let mut tensors = [image_tensors, text_tensors].concat_tensors();
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
    let mut documents = vec![("config.json", config), pictures::huggingface(&model.preprocess)];
    documents.extend(tokenizer::documents(&model.tokens)?);
    Ok(Files { kind, weights: "model.safetensors", tensors, documents, remarks: remarks(model) })
}

/// Two lists as one.
trait Concat {
    fn concat_tensors(self) -> Vec<(String, Tensor)>;
}

impl Concat for [Vec<(String, Tensor)>; 2] {
    fn concat_tensors(self) -> Vec<(String, Tensor)> {
        self.into_iter().flatten().collect()
    }
}

fn remarks(model: &Model) -> Vec<String> {
    let words =
        "the bias of the loss is left out, which transformers has no place for; embeddings do not need it";
    unless(model.logit_bias.is_none(), words).into_iter().collect()
}

fn heads(model: &Model) -> Vec<String> {
    let both = [no_matrix(&model.image_projection, "image"), no_matrix(&model.text_projection, "text")];
    both.into_iter().flatten().collect()
}

/// Why a tower fits neither way, told of the way that fits better.
fn nearer(part: &Part, clip: Vec<String>, other: fn(&Part) -> Vec<String>) -> Vec<String> {
    let other = other(part);
    if other.len() <= clip.len() { other } else { clip }
}

fn image_obstacles(image: &Part) -> Vec<String> {
    let mut all = clip::image_obstacles(image);
    if image.plugin == "vit" {
        let pool = image.word("pool");
        let words = format!("the image tower pools by `{pool}`, and theirs takes the class token");
        all.extend(unless(pool == "cls", words));
        all.extend(unless(
            image.float("layer_scale") == 0.0,
            "the image tower scales its branches (`layer_scale`)",
        ));
    }
    all
}

fn text_obstacles(text: &Part) -> Vec<String> {
    let mut all = clip::text_obstacles(text);
    if all.is_empty() {
        let end = text.word("pool") != "eos" || text.int("eos_id") != ARGMAX;
        all.extend(unless(end, "the end token is 2, which transformers takes for the highest id"));
    }
    all
}

fn with_dim(mut config: Value, dim: Option<i64>) -> Value {
    config["projection_dim"] = dim.into();
    config
}

/// What both of CLIP's configurations say.
fn transformer(part: &Part, kind: &str) -> Value {
    json!({
        "model_type": kind,
        "hidden_size": part.int("width"),
        "num_hidden_layers": part.int("depth"),
        "num_attention_heads": part.int("heads"),
        "intermediate_size": part.mlp_dim(),
        "hidden_act": activation(part.word("activation")),
        "layer_norm_eps": part.float("norm_eps"),
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
    let end = if text.word("pool") == "eos" { text.int("eos_id") } else { ARGMAX };
    config["vocab_size"] = vocab.into();
    config["max_position_embeddings"] = text.int("context").into();
    config["eos_token_id"] = end.into();
    // Only generating texts would ask for these; the defaults may lie beyond a small vocabulary.
    config["bos_token_id"] = (vocab - 2).max(0).into();
    config["pad_token_id"] = (vocab - 1).max(0).into();
    Ok((config, text.renamed("text_model.", hf_clip::TEXT, &[])?))
}

/// transformers' name for one of our activations.
pub(super) fn activation(ours: &str) -> &str {
    if ours == "gelu_tanh" { "gelu_pytorch_tanh" } else { ours }
}
