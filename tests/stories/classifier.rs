//! A classifier: evaluated on other folders, shown, and exported.

use std::fs;

use clip_lab_checkpoint::TensorFile;
use clip_lab_torch_ext::Script;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

use crate::{
    lab::{COLOURS, Lab, colours},
    program::assert_contains,
};

/// A spec that learns to classify three colours in a few steps.
const CLASSIFIER: &str = concat!(
    r#"
name = "colours"
[run]
steps = 30
batch = 6
workers = 1
threads = 1
[data.train]
plugin = "image_folder"
root = "rgb"
"#,
    include_str!("../support/classifier.toml"),
    r#"[optimizer]
plugin = "adamw"
lr = 1e-2
[schedule]
plugin = "constant"
"#
);

#[test]
fn a_classifier_is_evaluated_on_other_folders_of_its_classes() {
    let lab = Lab::new();
    colours(&lab, "rgb", COLOURS, 4);
    lab.write("colours.toml", CLASSIFIER);
    lab.run(&["run", "colours.toml"]).success();
    // Fewer classes, in another order, one of them with another name.
    colours(&lab, "other", &[("azure", COLOURS[2].1), ("c0", COLOURS[0].1)], 3);
    lab.write("names.toml", "azure = \"c2\"\n");
    let refused = lab.run(&["eval", "colours", "--data", "other"]).failure();
    assert_contains(&refused, &["was not trained on the class `azure`, only on c0, c1, c2", "--classes"]);
    let found = lab.json(&["eval", "colours", "--data", "other", "--classes", "names.toml"]);
    let metrics = found["metrics"].as_object().unwrap();
    let names: Vec<&str> = metrics.keys().map(String::as_str).collect();
    assert_eq!(names, ["other/classification/mean_per_class", "other/classification/top1"]);
    assert_eq!(metrics["other/classification/top1"], 1.0, "{found}");
    assert_eq!((&found["settings"]["classes"], &found["confused"]), (&3.into(), &Value::Array(Vec::new())));

    let args = ["eval", "colours", "--data", "rgb", "--confusion", "c.svg"];
    assert_contains(&lab.run(&args).success(), &["rgb/classification/top1"]);
    assert_contains(&fs::read_to_string(lab.path("c.svg")).unwrap(), &["colours on rgb"]);
    let refused = lab.run(&["eval", "colours", "--data", "rgb", "--suite", "retrieval"]).failure();
    assert_contains(&refused, &["--suite retrieval does not fit this model, which has a classifier"]);
}

#[test]
fn a_classifier_is_shown_and_exported_with_its_classes() {
    let lab = Lab::new();
    colours(&lab, "rgb", COLOURS, 4);
    lab.write("colours.toml", CLASSIFIER);
    lab.run(&["run", "colours.toml"]).success();
    let shown = lab.json(&["model", "show", "colours"]);
    let part = &shown["parts"]["classifier"];
    assert_eq!((&part["plugin"], &part["parameters"]), (&"linear".into(), &(3 * 16 + 3).into()));
    assert_eq!(part["settings"]["classes"], json!(["c0", "c1", "c2"]));
    let output = lab.run(&["model", "show", "colours"]).success();
    assert_contains(
        &output,
        &["classifier                   51 parameters", "classes = [\"c0\", \"c1\", \"c2\"]"],
    );

    let export = |format: &str| lab.run(&["model", "export", "colours", "--format", format, "--out", "out"]);
    assert_contains(&export("hf").failure(), &["the model has no text tower", "--format torchscript"]);
    export("torchscript").success();
    let card = fs::read_to_string(lab.path("out/README.md")).unwrap();
    assert_contains(
        &card,
        &["pipeline_tag: image-classification", "| classifier | linear | 51 |", "c0, c1, c2"],
    );
    assert_contains(&card, &["logits = model(pixel_values)  # [B, 3, 16, 16] to [B, 3]"]);

    let (module, images) = (
        Script::load(&lab.path("out/model.pt"), Device::Cpu).unwrap(),
        Tensor::rand([4, 3, 16, 16], (Kind::Float, Device::Cpu)),
    );
    let call = |method: &str| module.call(method, &[&images], false).unwrap();
    let stored = TensorFile::open(&lab.folder().join("last.safetensors")).unwrap();
    let [weight, bias] =
        ["weight", "bias"].map(|name| stored.tensor(&format!("model/classifier.{name}")).unwrap());
    let expected = call("encode_image").linear(&weight, Some(&bias));
    assert!((call("classify") - expected).abs().max().double_value(&[]) < 1e-5);
    assert_eq!(call("forward"), call("classify"));
}
