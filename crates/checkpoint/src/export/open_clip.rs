//! open_clip: CLIP's ViT or OpenAI's ResNet, with CLIP's text transformer.

use anyhow::Result;
use serde_json::{Value, json};
use tch::Tensor;

use super::part::{Part, matrix, matrix_conflict, require, scalar};
use super::{Files, Model, check_supported, clip, preprocessing, tokenizer};
use crate::layouts::{open_clip_text, open_clip_vision, resnet};

/// Epsilon of open_clip's norms.
const EPS: f64 = 1e-5;
/// Initial logit scale of open_clip: ln(1 / 0.07).
const LOGIT_SCALE: f64 = 2.659_260_036_932_778;

pub(super) fn files(model: &Model) -> Result<Files> {
    check_supported("open_clip's layout", &conflicts(model))?;
    let quick = model.text.str("activation") == "quick_gelu";
    let (vision, mut tensors) = if model.image.plugin == "resnet" {
        modified_resnet(&model.image)?
    } else {
        vit(&model.image, &model.image_projection)?
    };
    tensors.extend(model.text.renamed("", open_clip_text::TABLE, &[])?);
    let (_, matrix) = matrix(&model.text_projection, model.text.int("width"), "")?;
    let dim = matrix.size()[0];
    tensors.push(("text_projection".into(), matrix.f_transpose(0, 1)?.f_contiguous()?));
    tensors.push(("logit_scale".into(), scalar(model.logit_scale.unwrap_or(LOGIT_SCALE))?));
    let mut config = json!({
        "embed_dim": dim,
        "quick_gelu": quick,
        "vision_cfg": vision,
        "text_cfg": text(model),
    });
    if let Some(bias) = model.logit_bias {
        config["init_logit_bias"] = bias.into();
        tensors.push(("logit_bias".into(), scalar(bias)?));
    }
    let preprocess = preprocessing::open_clip(&model.preprocess);
    let mut documents =
        vec![("open_clip_config.json", json!({ "model_cfg": config, "preprocess_cfg": preprocess }))];
    if model.tokens.tokenizer.plugin != "clip_bpe" {
        documents.extend(tokenizer::documents(&model.tokens)?);
    }
    let weights = "open_clip_model.safetensors";
    Ok(Files { kind: "open_clip CLIP", weights, tensors, documents, remarks: Vec::new() })
}

fn conflicts(model: &Model) -> Vec<String> {
    let (image, text) = (&model.image, &model.text);
    let mut all = if image.plugin == "resnet" { resnet_conflicts(model) } else { vit_conflicts(model) };
    all.extend(clip::text_conflicts(text));
    all.extend(matrix_conflict(&model.text_projection, "text"));
    if text.plugin == "clip_transformer" {
        all.extend(eps(text, "text"));
        all.extend(gelu(text, "text"));
        let same_activation = image.plugin != "vit" || image.str("activation") == text.str("activation");
        all.extend(require(
            same_activation,
            "the towers have different activations, but open_clip's share one",
        ));
    }
    let no_margin = model.preprocess.size == model.preprocess.crop;
    let message = format!(
        "images are resized to {} pixels and cropped to {}, but open_clip resizes to the crop size (set \
         preprocess.resized={} to do the same, at a small loss)",
        model.preprocess.size, model.preprocess.crop, model.preprocess.crop
    );
    all.extend(require(no_margin, message));
    all
}

fn eps(part: &Part, whose: &str) -> Option<String> {
    let eps = part.norm_eps();
    require(eps == EPS, format!("the {whose} tower's norms have the epsilon {eps:e}, but open_clip's 1e-5"))
}

fn gelu(part: &Part, whose: &str) -> Option<String> {
    let supported = matches!(part.str("activation"), "gelu" | "quick_gelu");
    require(
        supported,
        format!(
            "the {whose} tower's activation is `{}`, but open_clip supports only gelu and quick_gelu",
            part.str("activation")
        ),
    )
}

fn vit_conflicts(model: &Model) -> Vec<String> {
    let image = &model.image;
    let mut all = clip::image_conflicts(image);
    all.extend(matrix_conflict(&model.image_projection, "image"));
    if image.plugin == "vit" {
        let pool = image.str("pool");
        let averages = pool == "avg" && image.str("final_norm") == "tokens";
        let requirement = "but open_clip's by the class token, or the average of normalised tokens";
        all.extend(require(
            pool == "cls" || averages,
            format!("the image tower pools by `{pool}`, {requirement}"),
        ));
        all.extend(eps(image, "image"));
        all.extend(gelu(image, "image"));
    }
    all
}

fn resnet_conflicts(model: &Model) -> Vec<String> {
    let image = &model.image;
    let openai = image.str("variant") == "openai" && image.str("pool") == "attention";
    if !openai {
        let message = "the image tower is a standard ResNet, but open_clip supports only OpenAI's variant (three \
                       convolutions in the stem, attention pooling)";
        return vec![message.into()];
    }
    let stem = image.int("stem_width");
    let widths: Vec<i64> = (0..4).map(|stage| stem * (4 << stage)).collect();
    let shape = image.settings["widths"] == json!(widths)
        && image.int("base_width") == 64
        && image.int("groups") == 1
        && !image.is("first_stride")
        && image.float("bn_eps") == EPS;
    let all = [
        require(shape, "the ResNet's widths, groups, strides or epsilon differ from OpenAI's"),
        require(
            model.image_projection.plugin == "identity",
            "open_clip's ResNet has no projection after its pooling, but this one has",
        ),
    ];
    all.into_iter().flatten().collect()
}

fn vit(image: &Part, projection: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let mut config = json!({
        "image_size": image.int("image_size"),
        "patch_size": image.int("patch_size"),
        "width": image.int("width"),
        "layers": image.int("depth"),
        "head_width": image.int("width") / image.int("heads").max(1),
        "mlp_ratio": image.float("mlp_ratio"),
        "pool_type": if image.str("pool") == "avg" { "avg" } else { "tok" },
    });
    if image.float("layer_scale") > 0.0 {
        config["ls_init_value"] = image.float("layer_scale").into();
    }
    let mut tensors = image.renamed("visual.", open_clip_vision::VIT, &[])?;
    let (_, matrix) = matrix(projection, image.int("width"), "")?;
    tensors.push(("visual.proj".into(), matrix.f_transpose(0, 1)?.f_contiguous()?));
    Ok((config, tensors))
}

fn modified_resnet(image: &Part) -> Result<(Value, Vec<(String, Tensor)>)> {
    let width = image.int("stem_width");
    let config = json!({
        "image_size": image.int("image_size"),
        "layers": image.settings["layers"],
        "width": width,
        "head_width": width * 32 / image.int("pool_heads").max(1),
        "patch_size": null,
    });
    Ok((config, image.renamed("visual.", resnet::TABLE, &[])?))
}

fn text(model: &Model) -> Value {
    let text = &model.text;
    let mut config = json!({
        "context_length": text.int("context"),
        "vocab_size": text.int("vocab"),
        "width": text.int("width"),
        "heads": text.int("heads"),
        "layers": text.int("depth"),
        "mlp_ratio": text.float("mlp_ratio"),
        "pool_type": text.str("pool"),
    });
    if text.str("pool") == "eos" {
        config["eos_id"] = text.int("eos_id").into();
    }
    if model.tokens.tokenizer.plugin != "clip_bpe" {
        // With any name, open_clip reads the tokenizer from the folder itself.
        config["hf_tokenizer_name"] = "tokenizer.json".into();
    }
    config
}
