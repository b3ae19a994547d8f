//! clip-lab's own checkpoints: metadata, and reading them back.

use std::path::Path;

use crate::support::{catalog, close, encode, image, plan};
use clip_lab_checkpoint::{TensorFile, open, save};
use clip_lab_testing::golden;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor, nn};

/// Writes a checkpoint as a run does: a golden tower below `model/image.`, other parts, and the training state.
fn write(file: &Path, model: Option<&Value>) -> TensorFile {
    let folder = golden("towers/timm_vit_token");
    let import = open(folder.to_str().unwrap()).unwrap().image().unwrap().unwrap();
    let vars = nn::VarStore::new(Device::Cpu);
    let _tower = plan(&catalog().image, &import, "").build(vars.root() / "image").unwrap();
    import.weights.as_ref().unwrap().load(&vars, "image").unwrap();
    let mut tensors: Vec<(String, Tensor)> =
        vars.variables().into_iter().map(|(name, tensor)| (format!("model/{name}"), tensor)).collect();
    let one = || Tensor::ones([2], (Kind::Float, Device::Cpu));
    for name in
        ["model/image_projection.weight", "model/loss.logit_scale", "optimizer/exp_avg/image.embeddings.cls"]
    {
        tensors.push((name.to_owned(), one()));
    }
    tensors.extend(["trick.0/image.embeddings.cls", "rng"].map(|name| (name.to_owned(), one())));
    let mut metadata = vec![("format".to_owned(), "clip-lab".to_owned())];
    metadata.extend(model.map(|model| ("model".to_owned(), model.to_string())));
    save(file, &tensors, &metadata).unwrap();
    TensorFile::open(&folder.join("io.safetensors")).unwrap()
}

fn model_metadata() -> Value {
    let folder = golden("towers/timm_vit_token");
    let import = open(folder.to_str().unwrap()).unwrap().image().unwrap().unwrap();
    json!({
        "image": { "plugin": import.plugin, "settings": import.settings },
        "image_projection": { "plugin": "linear", "settings": { "dim": 2, "bias": false } },
        "text": { "plugin": "bert", "settings": {} },
        "text_projection": { "plugin": "identity", "settings": {} },
        "tokenizer": { "plugin": "clip_bpe", "settings": { "max_tokens": null } },
        "loss": { "plugin": "clip", "settings": { "scale": 12.5, "learn": true } },
        "preprocess": {
            "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "resize": "squash", "interpolation": "bilinear",
            "size": 40, "crop": 32
        },
    })
}

#[test]
fn a_run_describes_its_model_and_its_tower_is_read_back() {
    let model = model_metadata();
    let folder = tempfile::tempdir().unwrap();
    let io = write(&folder.path().join("last.safetensors"), Some(&model));
    for from in [folder.path().to_owned(), folder.path().join("last.safetensors")] {
        let run = open(from.to_str().unwrap()).unwrap();
        assert!(run.describe().starts_with("clip-lab checkpoint"), "{}", run.describe());
        close(&encode(&*image(&run.image().unwrap().unwrap(), ""), &io), &io, "pooled");
        let loss = run.loss().unwrap().unwrap();
        assert_eq!((&*loss.plugin, loss.settings["scale"].as_float()), ("clip", Some(12.5)));
        assert!(loss.weights.is_some());
        let preprocess = run.preprocess().unwrap().unwrap();
        assert_eq!((preprocess.size, preprocess.crop, preprocess.std), (40, 32, [0.25; 3]));
        assert_eq!(&*run.image_projection().unwrap().unwrap().plugin, "linear");
    }
}

#[test]
fn a_text_tower_without_weights_is_absent() {
    let model = model_metadata();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("best.safetensors");
    write(&file, Some(&model));
    let run = open(file.to_str().unwrap()).unwrap();
    assert!(run.text().unwrap().is_none() && run.text_projection().unwrap().is_none());
    assert!(run.tokenizer().unwrap().is_none());
}

#[test]
fn the_best_weights_of_a_run_come_before_its_last() {
    let model = model_metadata();
    let folder = tempfile::tempdir().unwrap();
    for name in ["last.safetensors", "best.safetensors"] {
        write(&folder.path().join(name), Some(&model));
    }
    let description = open(folder.path().to_str().unwrap()).unwrap().describe();
    assert!(description.ends_with("best.safetensors"), "{description}");
}

#[test]
fn a_checkpoint_without_model_metadata_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("last.safetensors");
    write(&file, None);
    let error = open(folder.path().to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains("has no model metadata") && error.contains("--resume"), "{error}");
}

#[test]
fn larger_images_work_here_too() {
    let mut model = model_metadata();
    let size = model["image"]["settings"]["image_size"].as_i64().unwrap();
    let folder = tempfile::tempdir().unwrap();
    model["image"]["settings"]["image_size"] = json!(2 * size);
    write(&folder.path().join("last.safetensors"), Some(&model));
    let import = open(folder.path().to_str().unwrap()).unwrap().image().unwrap().unwrap();
    let tower = image(&import, "");
    let grey = Tensor::zeros([1, 3, 2 * size, 2 * size], (Kind::Float, Device::Cpu));
    assert!(tower.encode(&grey, clip_lab_plugin_api::Mode::Eval).is_ok());
}
