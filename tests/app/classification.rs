//! Fine-tuning: classes instead of captions, raw and averaged weights, zero-shot heads.

use std::{fs, path::Path};

use crate::support::{Lab, goldens, serial_guard, towers_from};
use clip_lab::train::{RunEnd, Stop};
use image::{Rgb, RgbImage};

/// Three classes of different colours, with twelve images each.
fn write_images(folder: &Path) -> String {
    for (class, name) in ["blue", "green", "red"].into_iter().enumerate() {
        fs::create_dir_all(folder.join(name)).unwrap();
        for index in 0..12u8 {
            let draw = |x: u32, y: u32| {
                let mut pixel = [index * 9, (x * 7) as u8, (y * 5) as u8];
                pixel[2 - class] = 200 + index;
                Rgb(pixel)
            };
            RgbImage::from_fn(16, 16, draw).save(folder.join(name).join(format!("{index}.png"))).unwrap();
        }
    }
    folder.display().to_string()
}

/// Everything that makes a bit-exact resume hard: mixing, random crops, batch statistics, averaged weights.
fn spec(root: &str) -> String {
    format!(
        r#"
name = "colours"
[run]
seed = 1
epochs = 6
batch = 8
select = "best"
[data.train]
plugin = "image_folder"
root = "{root}"
split = "train"
hold_out = 0.3
[data.val]
split = "val"
[data.test]
split = "val"
limit_per_class = 3
[[augment]]
plugin = "random_resized_crop"
[[augment]]
plugin = "mixup"
{classifier}label_smoothing = 0.1
[optimizer]
plugin = "adamw"
lr = 1e-2
[schedule]
plugin = "cosine"
warmup = 2
[[trick]]
plugin = "ema"
decay = 0.8
[[eval]]
plugin = "classification"
"#,
        classifier = include_str!("../support/classifier.toml")
    )
}

#[test]
fn a_tower_learns_classes_and_its_average_is_reported_beside_it() {
    let _guard = serial_guard();
    let lab = Lab::new();
    let spec = spec(&write_images(&lab.folder.path().join("data")));
    assert_eq!(lab.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
    let losses = lab.points("train/loss");
    assert!((losses[0].1 - 3f64.ln()).abs() < 0.3, "an untrained classifier scores ln 3: {}", losses[0].1);
    for metric in
        ["val/classification/top1", "val/ema/classification/top1", "test/ema/classification/mean_per_class"]
    {
        let last = lab.points(metric).last().unwrap_or_else(|| panic!("no {metric}")).1;
        assert!(last > 0.8, "{metric} is {last}");
    }
    let (run, reader) = (lab.newest(), lab.reader());
    assert_eq!(run.goal_metric.as_deref(), Some("val/classification/top1"));
    let raw = reader.points(run.id, "val/classification/top1").unwrap();
    let averaged = reader.points(run.id, "val/ema/classification/top1").unwrap();
    assert_eq!(raw.len(), averaged.len());
    for name in ["best", "best_ema", "last"] {
        assert!(run.dir.join(format!("{name}.safetensors")).exists(), "{name}");
    }
}

#[test]
fn a_resumed_fine_tuning_run_equals_an_uninterrupted_one() {
    let _guard = serial_guard();
    let data = tempfile::tempdir().unwrap();
    let spec = spec(&write_images(data.path()));
    let whole = Lab::new();
    assert_eq!(whole.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
    let lab = Lab::new();
    assert!(matches!(lab.train(&spec, None, Stop::after(4)).unwrap(), RunEnd::Stopped { .. }));
    let uid = lab.newest().uid;
    assert_eq!(lab.train(&spec, Some(&uid), Stop::default()).unwrap(), RunEnd::Finished);
    for metric in ["train/loss", "val/ema/classification/top1", "test/classification/top1"] {
        assert_eq!(lab.points(metric), whole.points(metric), "{metric}");
    }
}

#[test]
fn a_zero_shot_classifier_starts_at_the_zero_shot_accuracy() {
    let _guard = serial_guard();
    let data = tempfile::tempdir().unwrap();
    let root = write_images(data.path());
    let spec = format!(
        r#"
name = "zero-shot"
[run]
steps = 1
batch = 8
[data.train]
plugin = "image_folder"
root = "{root}"
split = "train"
hold_out = 0.5
[data.val]
split = "val"
{towers}[optimizer]
plugin = "sgd"
lr = 1e-12
[schedule]
plugin = "constant"
"#,
        towers = towers_from(&goldens("models/hf_clip"))
    );
    let accuracy = |more: &str, metric: &str| {
        let lab = Lab::new();
        lab.train(&format!("{spec}{more}"), None, Stop::default()).unwrap();
        let points = lab.points(metric);
        points.last().unwrap_or_else(|| panic!("no {metric}")).1
    };
    let zero_shot = accuracy("[loss]\nplugin = 'clip'\n[[eval]]\nplugin = 'zero_shot'", "val/zero_shot/top1");
    let classifier = "[model.classifier]\ninit = 'zero_shot'\n[loss]\nplugin = 'cross_entropy'\n";
    let tuned =
        accuracy(&format!("{classifier}[[eval]]\nplugin = 'classification'"), "val/classification/top1");
    assert_eq!(zero_shot, tuned);
}
