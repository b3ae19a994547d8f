//! Conformance of every built-in plugin. A new plugin without a line in `settings` fails by name.

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::serial_guard;
use clip_lab::builtin;
use clip_lab_plugin_api::conformance;
use clip_lab_shards::{NewSample, Writer};
use image::{Rgb, RgbImage};

/// A tokenizer with a vocabulary of three words.
const TOKENIZER: &str = r#"{
  "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
  "added_tokens": [
    {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 1, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 3, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
  ],
  "pre_tokenizer": {"type": "Whitespace"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
  "decoder": null,
  "model": {"type": "WordLevel", "unk_token": "[UNK]",
    "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "dog": 5, "word": 6}}
}"#;

const VIT: &str = "image_size = 16\npatch_size = 8\nwidth = 12\ndepth = 2\nheads = 3";
const RESNET: &str = "image_size = 16\nlayers = [1, 1]\nwidths = [8, 16]\nblock = \"basic\"\nstem_width = 8";
const BERT: &str = "vocab = 40\nwidth = 12\ndepth = 2\nheads = 3\nmlp_dim = 24\ncontext = 12";
const CLIP_TEXT: &str = "vocab = 40\nwidth = 12\ndepth = 2\nheads = 3\ncontext = 12";

/// The settings to check each plugin with; empty: defaults.
fn settings(folder: &Path) -> Vec<(&'static str, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tower = |kind: &str| here.join(format!("plugins/{kind}/tests/torchscript/tower.pt"));
    let file = |key: &str, path: &Path| format!("{key} = {:?}\n", path.display().to_string());
    vec![
        ("image.vit", VIT.into()),
        ("image.resnet", RESNET.into()),
        ("image.torchscript", file("path", &tower("image")) + "width = 12\nimage_size = 16"),
        ("text.bert", BERT.into()),
        ("text.clip_transformer", CLIP_TEXT.into()),
        ("text.torchscript", file("path", &tower("text")) + "width = 12\ncontext = 16\nvocab = 64"),
        ("projection.linear", "dim = 8".into()),
        ("projection.mlp", "dim = 8".into()),
        ("projection.residual", "dim = 8".into()),
        ("projection.identity", String::new()),
        ("tokenizer.clip_bpe", String::new()),
        ("tokenizer.huggingface", file("path", &folder.join("tokenizer.json"))),
        ("loss.clip", String::new()),
        ("loss.siglip", String::new()),
        ("loss.multi_positive", String::new()),
        ("loss.cross_entropy", String::new()),
        ("optimizer.adamw", String::new()),
        ("optimizer.sgd", String::new()),
        ("schedule.cosine", "warmup = 3".into()),
        ("schedule.constant", String::new()),
        ("schedule.rsqrt", String::new()),
        ("schedule.wsd", String::new()),
        ("trick.freeze", String::new()),
        ("trick.clip_grad", String::new()),
        ("trick.ema", String::new()),
        ("trick.layer_decay", String::new()),
        ("trick.lr_scale", String::new()),
        ("augment.resize", String::new()),
        ("augment.random_resized_crop", String::new()),
        ("augment.flip", String::new()),
        ("augment.color_jitter", String::new()),
        ("augment.rand_augment", String::new()),
        ("augment.random_erasing", String::new()),
        ("augment.mixup", String::new()),
        ("augment.cutmix", String::new()),
        ("data.emoji", String::new()),
        ("data.captions", file("root", &folder.join("captions")) + "split = \"all\""),
        ("data.image_folder", file("root", &folder.join("classes"))),
        ("data.webdataset", file("shards", &folder.join("shards"))),
        ("eval.retrieval", String::new()),
        ("eval.zero_shot", String::new()),
        ("eval.classification", String::new()),
    ]
}

/// The files that some plugins read.
fn write(folder: &Path) {
    fs::write(folder.join("tokenizer.json"), TOKENIZER).unwrap();
    let mut list = "image,caption\n".to_owned();
    fs::create_dir_all(folder.join("captions")).unwrap();
    for index in 0..40u8 {
        let image = RgbImage::from_fn(12, 9, |x, y| Rgb([index * 6, x as u8 * 20, y as u8 * 20]));
        let class = folder.join("classes").join(["cat", "dog"][usize::from(index % 2)]);
        fs::create_dir_all(&class).unwrap();
        image.save(class.join(format!("{index}.png"))).unwrap();
        image.save(folder.join(format!("captions/{index}.png"))).unwrap();
        list += &format!("{index}.png,number {index}\n");
    }
    fs::write(folder.join("captions/captions.csv"), list).unwrap();
    let (mut shards, _) = Writer::resume(&folder.join("shards"), "train", 20_000).unwrap();
    for index in 0..40 {
        let image = fs::read(folder.join(format!("captions/{index}.png"))).unwrap();
        let (key, captions) = (format!("{index:04}"), vec![format!("number {index}")]);
        let (ending, class) = ("png".to_owned(), Some(index % 2));
        shards.write(&NewSample { key, ending, image, captions, class, file: String::new() }).unwrap();
    }
    shards.finish().unwrap();
}

#[test]
fn every_built_in_plugin_conforms() {
    let _guard = serial_guard();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let settings = settings(folder.path());
    let catalog = builtin::catalog();
    let listed: BTreeSet<String> = settings.iter().map(|(name, _)| (*name).to_owned()).collect();
    let kinds = catalog.kinds();
    let all = kinds
        .iter()
        .flat_map(|(key, _, registry)| registry.iter().map(move |plugin| format!("{key}.{}", plugin.name)));
    let forgotten: Vec<String> = all.filter(|name| !listed.contains(name)).collect();
    assert!(forgotten.is_empty(), "give these plugins a line in `settings`: {}", forgotten.join(", "));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    conformance::check(&catalog, &settings).unwrap_or_else(|error| panic!("{error:#}"));
}
