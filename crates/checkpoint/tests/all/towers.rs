//! Parity with transformers and timm: every tower, from folder to features.

use crate::support::{close, encode, image, text, tokens};
use clip_lab_checkpoint::{TensorFile, open};
use clip_lab_plugin_api::Mode;
use clip_lab_testing::golden;

fn image_parity(folder: &str, name: &str) {
    let path = golden(&format!("towers/{folder}"));
    let checkpoint = open(path.to_str().unwrap()).unwrap();
    let import = checkpoint.image().unwrap().unwrap();
    assert!(import.needs.is_empty() && checkpoint.text().unwrap().is_none());
    let io = TensorFile::open(&path.join("io.safetensors")).unwrap();
    close(&encode(&*image(&import, ""), &io), &io, name);
}

fn text_parity(folder: &str, pool: &str) {
    let path = golden(&format!("towers/{folder}"));
    let mut import = open(path.to_str().unwrap()).unwrap().text().unwrap().unwrap();
    import.settings.insert("pool".into(), pool.into());
    let io = TensorFile::open(&path.join("io.safetensors")).unwrap();
    let ours = tch::no_grad(|| text(&import, "").encode(&tokens(&io), Mode::Eval).unwrap());
    close(&ours, &io, pool);
}

#[test]
fn vit_of_hugging_face() {
    image_parity("hf_vit", "cls");
}

#[test]
fn bottleneck_resnet_of_hugging_face() {
    image_parity("hf_resnet", "pooled");
}

#[test]
fn basic_resnet_of_hugging_face() {
    image_parity("hf_resnet_basic", "pooled");
}

#[test]
fn vit_of_timm_with_class_token() {
    image_parity("timm_vit_token", "pooled");
}

#[test]
fn vit_of_timm_with_average_pooling() {
    image_parity("timm_vit_avg", "pooled");
}

#[test]
fn resnet_of_timm() {
    image_parity("timm_resnet", "pooled");
}

#[test]
fn bert_pooled_in_every_way() {
    ["cls", "mean", "pooler"].iter().for_each(|pool| text_parity("hf_bert", pool));
}

#[test]
fn distilbert_pooled_in_every_way() {
    ["cls", "mean"].iter().for_each(|pool| text_parity("hf_distilbert", pool));
}

#[test]
fn preprocessing_is_read_from_the_checkpoint() {
    let path = golden("towers/hf_resnet");
    let resnet = open(path.to_str().unwrap()).unwrap();
    let preprocess = resnet.preprocess().unwrap().unwrap();
    assert_eq!((preprocess.mean, preprocess.crop), ([0.485, 0.456, 0.406], 32));
    let expected = "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\nresize = \"squash\"\n\
                    interpolation = \"bicubic\"\n";
    assert_eq!(preprocess.settings().to_string(), expected);
    let text = open(golden("towers/hf_bert").to_str().unwrap()).unwrap();
    assert!(text.preprocess().unwrap().is_none());
    assert_eq!(text.tokenizer().unwrap().unwrap().plugin, "huggingface");
}
