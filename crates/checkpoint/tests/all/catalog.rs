//! The cataloged weights, if they are cached.

use std::env;
use std::path::Path;

use crate::support::{catalog, image as build, plan, text, unit};
use clip_lab_checkpoint::{Import, Preprocess, cache_dir, open};
use clip_lab_plugin_api::{Mode, Tokens};
use clip_lab_testing::data;
use image::imageops::{FilterType, crop_imm, resize};
use tch::{Kind, Tensor};

/// Whether the weights are cached; prints a note if not.
fn cached(name: &str) -> bool {
    let exists = cache_dir().join("weights").join(name).is_dir();
    if !exists {
        eprintln!("SKIPPED: `{name}` is not in the cache; download it with `cargo xtask setup`");
        assert!(env::var_os("CI").is_none(), "`{name}` is not in the cache");
    }
    exists
}

/// Photographs whose names begin with a WordNet id, and their classes in ImageNet-1k.
const PHOTOS: &[(&str, i64)] = &[
    ("n01440764_tench", 0),
    ("n01514859_hen", 8),
    ("n01560419_bulbul", 16),
    ("n01622779_great_grey_owl", 24),
    ("n01695060_Komodo_dragon", 48),
    ("n01734418_king_snake", 56),
    ("n01773157_black_and_gold_garden_spider", 72),
    ("n01795545_black_grouse", 80),
    ("n01818515_macaw", 88),
    ("n01843383_toucan", 96),
    ("n01943899_conch", 112),
    ("n01980166_fiddler_crab", 120),
];

/// `[1, 3, crop, crop]`, preprocessed.
fn load_image(path: &Path, preprocess: &Preprocess) -> Tensor {
    let photo = image::open(path).unwrap().to_rgb8();
    let (width, height) = photo.dimensions();
    let factor = preprocess.size as f64 / f64::from(width.min(height));
    let scaled = |side: u32| (f64::from(side) * factor).round() as u32;
    let photo = resize(&photo, scaled(width), scaled(height), FilterType::Triangle);
    let side = preprocess.crop as u32;
    let photo =
        crop_imm(&photo, (photo.width() - side) / 2, (photo.height() - side) / 2, side, side).to_image();
    let pixels =
        Tensor::from_slice(photo.as_raw()).view([i64::from(side), i64::from(side), 3]).to_kind(Kind::Float);
    let per_channel = |values: [f64; 3]| Tensor::from_slice(&values).to_kind(Kind::Float).view([1, 3, 1, 1]);
    (pixels.permute([2, 0, 1]).unsqueeze(0) / 255.0 - per_channel(preprocess.mean))
        / per_channel(preprocess.std)
}

#[test]
fn the_resnet_of_keras_classifies_photographs() {
    let (true, Some(folder)) = (cached("resnet50-keras"), data("photos")) else { return };
    let checkpoint = open("resnet50-keras").unwrap();
    let import = checkpoint.image().unwrap().unwrap();
    let preprocess = checkpoint.preprocess().unwrap().unwrap();
    let tower = build(&import, "");
    let weights = import.weights.unwrap();
    let (weight, bias) = (weights.tensor("fc.weight").unwrap(), weights.tensor("fc.bias").unwrap());
    let correct = PHOTOS.iter().filter(|(name, class)| {
        let features = tch::no_grad(|| {
            tower.encode(&load_image(&folder.join(format!("{name}.JPEG")), &preprocess), Mode::Eval).unwrap()
        });
        features.linear(&weight, Some(&bias)).argmax(1, false).int64_value(&[0]) == *class
    });
    let correct = correct.count();
    assert!(correct * 4 >= PHOTOS.len() * 3, "only {correct} of {} are correct", PHOTOS.len());
    assert_eq!(weights.fingerprint().unwrap().len(), 64);
}

/// L2-normalised embeddings of sentences.
fn sentences(import: &Import, tokenizer: &Import, sentences: &[&str]) -> Tensor {
    let mut catalog = catalog();
    plugins_tokenizer::register(&mut catalog);
    let tokenizer = plan(&catalog.tokenizer, tokenizer, "").build(()).unwrap();
    let tower = text(import, "");
    let rows = sentences.iter().map(|sentence| {
        let ids = Tensor::from_slice(&tokenizer.encode(sentence, 128).unwrap()).unsqueeze(0);
        let mask = ids.ones_like().to_kind(Kind::Bool);
        tch::no_grad(|| tower.encode(&Tokens { ids, mask }, Mode::Eval).unwrap())
    });
    unit(&Tensor::cat(&rows.collect::<Vec<_>>(), 0))
}

#[test]
fn minilm_embeds_paraphrases_close_together() {
    if !cached("minilm-l6") {
        return;
    }
    let checkpoint = open("minilm-l6").unwrap();
    let import = checkpoint.text().unwrap().unwrap();
    assert_eq!(import.settings["pool"].as_str(), Some("mean"));
    let rows = sentences(
        &import,
        &checkpoint.tokenizer().unwrap().unwrap(),
        &[
            "A man is playing a guitar on stage.",
            "Somebody performs music with a guitar before an audience.",
            "The stock market fell sharply on Monday.",
        ],
    );
    let cosine = rows.matmul(&rows.tr());
    let (paraphrases, unrelated) = (cosine.double_value(&[0, 1]), cosine.double_value(&[0, 2]));
    assert!(paraphrases > 0.5 && unrelated < 0.2, "paraphrases {paraphrases}, unrelated {unrelated}");
}
