//! Parity with transformers and open_clip: whole models, from folders to logits.

use std::fs;

use crate::support::{self, catalog, close, embed_images, embed_texts, plan};
use clip_lab_checkpoint::{Checkpoint, TensorFile, open, save};
use clip_lab_testing::golden;
use serde_json::json;
use tch::{Kind, Tensor};

/// The checkpoint of a golden model and the outputs of the reference.
fn model(folder: &str) -> (Checkpoint, TensorFile) {
    let path = golden(&format!("models/{folder}"));
    let io = TensorFile::open(&path.join("io.safetensors")).unwrap();
    (open(path.to_str().unwrap()).unwrap(), io)
}

/// The logit scale, after checking that the loss's settings are valid.
fn scale(checkpoint: &Checkpoint) -> f64 {
    let loss = checkpoint.loss().unwrap().unwrap();
    plan(&catalog().loss, &loss, "");
    loss.settings["scale"].as_float().unwrap()
}

fn hugging_face(folder: &str) {
    let (checkpoint, io) = model(folder);
    let (images, texts) = (embed_images(&checkpoint, &io), embed_texts(&checkpoint, &io));
    close(&images, &io, "image_embeds");
    close(&texts, &io, "text_embeds");
    close(&(images.matmul(&texts.tr()) * scale(&checkpoint)), &io, "logits_per_image");
    assert_eq!(checkpoint.tokenizer().unwrap().unwrap().plugin, "huggingface");
    assert_eq!(checkpoint.preprocess().unwrap().unwrap().crop, 32);
}

fn open_clip(folder: &str) {
    let (checkpoint, io) = model(folder);
    let (images, texts) = (embed_images(&checkpoint, &io), embed_texts(&checkpoint, &io));
    close(&images, &io, "image_embeds");
    close(&texts, &io, "text_embeds");
    close(&(images.matmul(&texts.tr()) * scale(&checkpoint)), &io, "logits_per_image");
    assert_eq!(checkpoint.tokenizer().unwrap().unwrap().plugin, "clip_bpe");
    assert_eq!(checkpoint.preprocess().unwrap().unwrap().crop, 32);
}

#[test]
fn clip_of_hugging_face() {
    hugging_face("hf_clip");
}

#[test]
fn dual_encoder_of_hugging_face() {
    hugging_face("hf_dual_vit_bert");
}

#[test]
fn an_unsupported_pooler_is_rejected() {
    let path = golden("models/hf_dual_vit_bert");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(path.join("model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    for (key, value) in [("pooler_act", json!("relu")), ("pooler_output_size", json!(7))] {
        let mut config: serde_json::Value =
            serde_json::from_slice(&fs::read(path.join("config.json")).unwrap()).unwrap();
        config["vision_config"][key] = value;
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let error = open(folder.path().to_str().unwrap()).unwrap().image().err().unwrap().to_string();
        assert!(error.contains("pooler is not a tanh"), "{error}");
    }
}

#[test]
fn open_clip_with_a_vit() {
    open_clip("open_clip_vit");
}

#[test]
fn open_clip_with_openais_resnet() {
    open_clip("open_clip_resnet");
}

/// From Hugging Face's names to OpenAI's.
const NAMES: &[(&str, &str)] = &[
    ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
    ("vision_model.embeddings.patch_embedding", "visual.conv1"),
    ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
    ("vision_model.pre_layrnorm", "visual.ln_pre"),
    ("vision_model.post_layernorm", "visual.ln_post"),
    ("vision_model.encoder.layers", "visual.transformer.resblocks"),
    ("text_model.embeddings.token_embedding", "token_embedding"),
    ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
    ("text_model.final_layer_norm", "ln_final"),
    ("text_model.encoder.layers", "transformer.resblocks"),
    ("layer_norm1", "ln_1"),
    ("layer_norm2", "ln_2"),
    ("self_attn.out_proj", "attn.out_proj"),
    ("mlp.fc1", "mlp.c_fc"),
    ("mlp.fc2", "mlp.c_proj"),
];

/// A `CLIPModel` with OpenAI's names.
fn renamed(theirs: &TensorFile) -> Vec<(String, Tensor)> {
    let mut tensors = Vec::new();
    for name in theirs.names() {
        let ours = NAMES.iter().fold(name.clone(), |name, (from, to)| name.replace(from, to));
        let read = |name: &str| theirs.tensor(name).unwrap();
        match (ours.as_str(), ours.split_once("self_attn.q_proj.")) {
            ("visual_projection.weight", _) => {
                tensors.push(("visual.proj".into(), read(&name).tr().contiguous()))
            }
            ("text_projection.weight", _) => {
                tensors.push(("text_projection".into(), read(&name).tr().contiguous()))
            }
            (_, Some((block, tail))) => {
                let parts = ["q_proj", "k_proj", "v_proj"].map(|part| read(&name.replace("q_proj", part)));
                tensors.push((format!("{block}attn.in_proj_{tail}"), Tensor::cat(&parts, 0)));
            }
            _ if ours.contains("self_attn.") => {}
            _ => tensors.push((ours, read(&name))),
        }
    }
    tensors
}

#[test]
fn openais_names_mean_what_hugging_faces_mean() {
    let path = golden("models/hf_clip");
    let io = TensorFile::open(&path.join("io.safetensors")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = json!({"model_cfg": {
        "embed_dim": 16,
        "quick_gelu": true,
        "vision_cfg": {"layers": 2, "width": 24, "head_width": 6, "patch_size": 8, "image_size": 32},
        "text_cfg": {"context_length": 24, "vocab_size": 512, "width": 24, "heads": 4, "layers": 2,
            "pool_type": "eos", "eos_id": 1},
    }});
    fs::write(folder.path().join("open_clip_config.json"), config.to_string()).unwrap();
    let tensors = renamed(&TensorFile::open(&path.join("model.safetensors")).unwrap());
    save(&folder.path().join("open_clip_model.safetensors"), &tensors, &[]).unwrap();

    let checkpoint = open(folder.path().to_str().unwrap()).unwrap();
    close(&embed_images(&checkpoint, &io), &io, "image_embeds");
    close(&embed_texts(&checkpoint, &io), &io, "text_embeds");
}

#[test]
fn a_bare_file_lists_the_settings_it_needs() {
    let path = golden("models/open_clip_vit/open_clip_model.safetensors");
    let bare = open(path.to_str().unwrap()).unwrap();
    assert!(bare.describe().ends_with("recognised as a CLIP with OpenAI's names"), "{}", bare.describe());
    let mut image = bare.image().unwrap().unwrap();
    assert_eq!(image.needs, ["heads", "activation"]);
    image.settings.extend([("heads".into(), 4.into()), ("activation".into(), "quick_gelu".into())]);
    let io = TensorFile::open(&path.with_file_name("io.safetensors")).unwrap();
    let features = support::encode(&*support::image(&image, ""), &io);
    let head = support::projection(&bare.image_projection().unwrap().unwrap(), 32);
    let images =
        tch::no_grad(|| support::unit(&head.project(&features, clip_lab_plugin_api::Mode::Eval).unwrap()));
    close(&images, &io, "image_embeds");
    assert_eq!(images.kind(), Kind::Float);
}
