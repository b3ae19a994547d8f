//! Large batches: micro-batches match PyTorch's whole batch, resume bit-exactly, and can avoid false negatives.

use std::{fs, path::Path};

use crate::support::{Lab, recipe, serial_guard};
use clip_lab::train::{RunEnd, Stop};
use image::{Rgb, RgbImage};

/// Twenty images; each has a unique caption and one of six shared captions.
fn write_images(folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    let mut list = "image,caption,split\n".to_owned();
    for index in 0..20u8 {
        let draw = |x: u32, y: u32| Rgb([index * 12, x as u8 * 7, (y as u8 * 15) ^ index]);
        RgbImage::from_fn(16, 16, draw).save(folder.join(format!("{index}.png"))).unwrap();
        list += &format!("{index}.png,the square with the number {index},train\n");
        list += &format!("{index}.png,{} square {},train\n", ["a", "A "][usize::from(index % 2)], index % 6);
    }
    fs::write(folder.join("captions.csv"), list).unwrap();
    folder.display().to_string()
}

/// Dropout, batch statistics and random crops; `run` goes into `[run]`.
fn spec(root: &str, run: &str, loss: &str) -> String {
    let towers = include_str!("../support/towers.toml").replace("residual", "linear");
    format!(
        r#"
name = "squares"
[run]
seed = 3
captions = "all"
{run}
[data.train]
plugin = "captions"
root = "{root}"
split = "train"
{towers}[loss]
plugin = "{loss}"
[optimizer]
plugin = "adamw"
lr = 1e-3
[schedule]
plugin = "cosine"
"#
    )
}

fn finished(lab: &Lab, spec: &str) {
    assert_eq!(lab.train(spec, None, Stop::default()).unwrap(), RunEnd::Finished);
}

#[test]
fn micro_batches_match_pytorch_on_the_whole_batch() {
    let (spec, expected) = recipe("plain", "");
    let _guard = serial_guard();
    let lab = Lab::new();
    finished(&lab, &spec.replace("[run]", "[run]\nthreads = 1\nmicro_batch = 3"));
    lab.assert_matches_pytorch(&expected);
}

#[test]
fn a_locked_tower_works_with_micro_batches() {
    let (spec, expected) = recipe("plain", "[[trick]]\nplugin = 'freeze'\nparams = ['image']");
    let spec = spec.replace(&format!("steps = {}", expected["steps"]), "steps = 4");
    let _guard = serial_guard();
    let losses = |run: &str| {
        let lab = Lab::new();
        finished(&lab, &spec.replace("[run]", &format!("[run]\nthreads = 1\n{run}")));
        lab.points("train/loss")
    };
    let whole = losses("");
    for run in ["micro_batch = 3", "micro_batch = 3\ncache_features = false"] {
        for ((step, loss), (_, want)) in losses(run).into_iter().zip(&whole) {
            assert!((loss - want).abs() < 1e-4, "{run}, step {step}: {loss}, whole {want}");
        }
    }
}

#[test]
fn a_resumed_run_with_micro_batches_equals_an_uninterrupted_one() {
    let _guard = serial_guard();
    let data = tempfile::tempdir().unwrap();
    let spec =
        spec(&write_images(data.path()), "epochs = 4\nbatch = 8\nmicro_batch = 3\ndistinct = true", "clip");
    let whole = Lab::new();
    finished(&whole, &spec);
    let lab = Lab::new();
    assert!(matches!(lab.train(&spec, None, Stop::after(7)).unwrap(), RunEnd::Stopped { .. }));
    let uid = lab.newest().uid;
    assert_eq!(lab.train(&spec, Some(&uid), Stop::default()).unwrap(), RunEnd::Finished);
    assert_eq!(lab.points("train/loss").len(), 20);
    assert_eq!(lab.points("train/loss"), whole.points("train/loss"));
}

#[test]
fn classification_with_micro_batches_equals_the_whole_batch() {
    let _guard = serial_guard();
    let data = tempfile::tempdir().unwrap();
    for (class, name) in ["dark", "light"].into_iter().enumerate() {
        fs::create_dir(data.path().join(name)).unwrap();
        for index in 0..9u8 {
            let draw = |x: u32, y: u32| Rgb([class as u8 * 150 + index, x as u8 * 5, y as u8 + index]);
            RgbImage::from_fn(16, 16, draw)
                .save(data.path().join(name).join(format!("{index}.png")))
                .unwrap();
        }
    }
    let losses = |micro: usize| {
        let spec = format!(
            r#"
name = "shades"
[run]
steps = 6
batch = 8
micro_batch = {micro}
[data.train]
plugin = "image_folder"
root = "{}"
[[augment]]
plugin = "mixup"
[model.image]
plugin = "vit"
image_size = 16
patch_size = 8
width = 16
depth = 1
heads = 2
mlp_ratio = 2.0
[model.classifier]
[loss]
plugin = "cross_entropy"
[optimizer]
plugin = "adamw"
lr = 1e-2
[schedule]
plugin = "constant"
"#,
            data.path().display()
        );
        let lab = Lab::new();
        finished(&lab, &spec);
        (lab.points("train/loss"), lab.points("train/accuracy"))
    };
    let (whole, accuracy) = losses(0);
    for micro in [1, 3, 4] {
        let (parts, shares) = losses(micro);
        assert_eq!((parts.len(), shares.len()), (6, accuracy.len()));
        for ((a, b), (c, d)) in parts.iter().zip(&whole).zip(shares.iter().zip(&accuracy)) {
            assert!(
                (a.1 - b.1).abs() < 1e-4 && (c.1 - d.1).abs() < 1e-6,
                "{micro}: {a:?} {b:?}, {c:?} {d:?}"
            );
        }
    }
}

#[test]
fn distinct_batches_have_one_positive_per_row() {
    let _guard = serial_guard();
    let data = tempfile::tempdir().unwrap();
    let root = write_images(data.path());
    let positives = |distinct: bool| {
        let lab = Lab::new();
        finished(
            &lab,
            &spec(&root, &format!("epochs = 3\nbatch = 8\ndistinct = {distinct}"), "multi_positive"),
        );
        lab.points("train/positives").into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    let (plain, distinct) = (positives(false), positives(true));
    assert_eq!((plain.len(), distinct.len()), (15, 15));
    assert!(plain.iter().sum::<f64>() > 15.5, "{plain:?}");
    assert!(distinct.iter().all(|&value| value == 1.0), "{distinct:?}");
}

#[test]
fn an_impossible_distinct_is_reported_before_the_start() {
    let _guard = serial_guard();
    let data = tempfile::tempdir().unwrap();
    let root = write_images(data.path());
    let lab = Lab::new();
    let error =
        lab.train(&spec(&root, "epochs = 1\nbatch = 21\ndistinct = true", "clip"), None, Stop::default());
    let message = format!("{:#}", error.unwrap_err());
    assert!(
        message.contains(
            "[run].distinct: [data.train] has too few different images and captions for a batch of 21"
        ),
        "{message}"
    );
}
