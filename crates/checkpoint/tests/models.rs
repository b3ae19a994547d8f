//! Parity with transformers and open_clip: whole models, from their folders to logits.

#![allow(missing_docs)]

mod support;

use clip_lab_api::Mode;
use clip_lab_checkpoint::{TensorFile, open};
use support::{catalog, close, encode, golden, image, plan, projection, text, tokens, unit};

fn parity(folder: &str, tokenizer: &str) {
    let Some(path) = golden(&format!("models/{folder}")) else { return };
    let checkpoint = open(path.to_str().unwrap()).unwrap();
    let io = TensorFile::open(&path.join("io.safetensors")).unwrap();

    let features = encode(&*image(&checkpoint.image().unwrap().unwrap(), ""), &io);
    let head = projection(&checkpoint.image_projection().unwrap().unwrap(), features.size()[1]);
    let images = tch::no_grad(|| unit(&head.project(&features, Mode::Eval).unwrap()));
    close(&images, &io, "image_embeds");

    let tower = text(&checkpoint.text().unwrap().unwrap(), "");
    let features = tch::no_grad(|| tower.encode(&tokens(&io), Mode::Eval).unwrap());
    let head = projection(&checkpoint.text_projection().unwrap().unwrap(), features.size()[1]);
    let texts = tch::no_grad(|| unit(&head.project(&features, Mode::Eval).unwrap()));
    close(&texts, &io, "text_embeds");

    let loss = checkpoint.loss().unwrap().unwrap();
    plan(&catalog().loss, &loss, "");
    let scale = loss.settings["scale"].as_float().unwrap();
    close(&(images.matmul(&texts.tr()) * scale), &io, "logits_per_image");
    assert_eq!(checkpoint.tokenizer().unwrap().unwrap().plugin, tokenizer);
    assert_eq!(checkpoint.preprocess().unwrap().unwrap().crop, 32);
}

#[test]
fn clip_of_hugging_face() {
    parity("hf_clip", "huggingface");
}

#[test]
fn dual_encoder_of_hugging_face() {
    parity("hf_dual_vit_bert", "huggingface");
}

#[test]
fn open_clip_with_a_vit() {
    parity("open_clip_vit", "clip_bpe");
}

#[test]
fn open_clip_with_openais_resnet() {
    parity("open_clip_resnet", "clip_bpe");
}
