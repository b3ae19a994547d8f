//! Towers, projections, losses, optimizers and tricks with every option that adds a tensor: none is on another device.

use super::device::{points, train};
use crate::lab::Lab;

const DATA: &str = r#"
name = "parts"
[run]
steps = 3
batch = 8
workers = 1
threads = 1
[data.train]
plugin = "captions"
root = "data"
[data.val]
split = "val"
[tokenizer]
plugin = "clip_bpe"
[schedule]
plugin = "wsd"
warmup = 1
[[eval]]
plugin = "retrieval"
"#;

const TRANSFORMERS: &str = r#"
[model.image]
plugin = "vit"
image_size = 16
patch_size = 8
width = 12
depth = 2
heads = 3
pool = "attention"
layer_scale = 0.1
dropout = 0.1
attention_dropout = 0.1
drop_path = 0.1
patch_dropout = 0.5
[model.text]
plugin = "clip_transformer"
width = 12
depth = 2
heads = 3
context = 77
pool = "eos"
dropout = 0.1
attention_dropout = 0.1
drop_path = 0.1
[model.image_projection]
plugin = "mlp"
dim = 8
[model.text_projection]
plugin = "mlp"
dim = 8
[loss]
plugin = "multi_positive"
tile = 4
[optimizer]
plugin = "sgd"
nesterov = true
[[trick]]
plugin = "freeze"
params = ["image.embeddings"]
until = 1
[[trick]]
plugin = "lr_scale"
params = ["text"]
[[trick]]
plugin = "clip_grad"
"#;

const RESNET: &str = r#"
[model.image]
plugin = "resnet"
image_size = 32
layers = [1, 1]
widths = [16, 32]
base_width = 16
stem_width = 8
variant = "openai"
pool = "attention"
pool_heads = 2
output = 12
drop_path = 0.1
[model.text]
plugin = "bert"
vocab = 49408
width = 12
depth = 2
heads = 3
mlp_dim = 24
context = 77
pool = "pooler"
[model.image_projection]
plugin = "residual"
dim = 8
[model.text_projection]
plugin = "residual"
dim = 8
[loss]
plugin = "siglip"
tile = 4
[optimizer]
plugin = "adamw"
[[trick]]
plugin = "layer_decay"
towers = ["image", "text"]
[[trick]]
plugin = "ema"
warmup = true
buffers = "copy"
"#;

fn trains(parts: &str, sets: &[&str]) {
    let lab = Lab::new();
    lab.write("spec.toml", format!("{DATA}{parts}"));
    train(&lab, "spec.toml", sets).success();
    let losses = points(&lab, "train/loss");
    assert!(losses.len() == 3 && losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
}

#[test]
fn transformers_with_every_option_train() {
    trains(TRANSFORMERS, &["run.recompute_activations=true", "run.precision=bf16"]);
}

#[test]
fn a_resnet_with_attention_pooling_and_bert_train() {
    trains(RESNET, &["run.channels_last=true", "run.micro_batch=3"]);
}
