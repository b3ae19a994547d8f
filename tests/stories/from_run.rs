//! `from` with a clip-lab run, and with another image size than the checkpoint's.

use std::fs;

use clip_lab_checkpoint::TensorFile;
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
    support::goldens,
};

fn read(lab: &Lab, file: &str, name: &str) -> Tensor {
    TensorFile::open(&lab.path(file)).unwrap().tensor(name).unwrap().to_kind(Kind::Float)
}

/// The spec with the lines of `[model.image]` and `[model.image_projection]` replaced.
fn with_image(from: &str, more: &str) -> String {
    let between = |start: &str, end: &str| {
        let (start, end) = (TINY.find(start).unwrap(), TINY.find(end).unwrap());
        TINY[start..end].to_owned()
    };
    let tower = between("[model.image]\n", "[model.text]\n");
    let head = between("[model.image_projection]\n", "[model.text_projection]\n");
    TINY.replace(&tower, &format!("[model.image]\nfrom = \"{from}\"\n{more}"))
        .replace(&head, &format!("[model.image_projection]\nfrom = \"{from}\"\n"))
}

#[test]
fn a_second_run_starts_with_the_tower_of_the_first() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let embed = |model: &str, out: &str| {
        lab.run(&["embed", model, "--images", "data", "--out", out]).success();
        read(&lab, out, "image_embeds")
    };
    let first = embed(&uid, "first.safetensors");
    assert!(embed(&format!("runs/{uid}"), "folder.safetensors") == first, "by folder, without its spec");
    for from in [format!("runs/{uid}"), format!("runs/{uid}/last.safetensors")] {
        lab.write("second.toml", with_image(&from, ""));
        let second = embed("second.toml", "second.safetensors");
        assert!(second == first, "{from}: tower, projection and preprocessing are those of the first run");
    }
    lab.write("third.toml", with_image(&format!("runs/{uid}"), "drop_path = 0.1\n"));
    lab.run(&["run", "third.toml"]).success();
    let config = lab.shown()["config"].to_string();
    assert_contains(&config, &["checkpoint", "drop_path"]);
    // The checkpoint of the second run describes the imported tower.
    let third = lab.folder().join("last.safetensors");
    let model: Value = serde_json::from_str(&TensorFile::open(&third).unwrap().metadata()["model"]).unwrap();
    assert_eq!(
        (&model["image"]["plugin"], &model["image"]["settings"]["drop_path"]),
        (&"resnet".into(), &0.1.into())
    );
}

#[test]
fn a_tokenizer_is_found_from_anywhere() {
    let bert = goldens("towers/hf_bert");
    let lab = Lab::new();
    fs::create_dir(lab.path("bert")).unwrap();
    for file in fs::read_dir(bert).unwrap().flatten() {
        fs::copy(file.path(), lab.path("bert").join(file.file_name())).unwrap();
    }
    let (start, end) =
        (TINY.find("[model.text]\n").unwrap(), TINY.find("[model.image_projection]\n").unwrap());
    let spec = format!("{}[model.text]\nfrom = \"bert\"\n{}", &TINY[..start], &TINY[end..]);
    let spec = spec.replace("[tokenizer]\nplugin = \"clip_bpe\"\n", "").replace("steps = 12", "steps = 3");
    lab.write("bert.toml", spec);
    lab.run(&["run", "bert.toml"]).success();
    let last = lab.folder().join("last.safetensors");
    let model: Value = serde_json::from_str(&TensorFile::open(&last).unwrap().metadata()["model"]).unwrap();
    let path = model["tokenizer"]["settings"]["path"].as_str().unwrap();
    assert!(path.starts_with('/') && path.ends_with("bert/tokenizer.json"), "{path}");
    let folder = lab.folder();
    let elsewhere = Lab::empty();
    elsewhere.write("texts.txt", "a dog\n");
    elsewhere
        .run(&["embed", folder.to_str().unwrap(), "--texts", "texts.txt", "--out", "x.safetensors"])
        .success();
}

#[test]
fn larger_images_than_the_checkpoints() {
    let root = goldens("models");
    for model in ["hf_clip", "open_clip_vit", "open_clip_resnet"] {
        let (lab, folder) = (Lab::empty(), root.join(model));
        let images = root.join("../images");
        let (folder, images) = (folder.to_str().unwrap(), images.to_str().unwrap());
        let embed = |size: &str, out: &str| {
            let set = format!("model.image.image_size={size}");
            lab.run(&["embed", folder, "--images", images, "--out", out, "--set", &set])
        };
        embed("64", "large.safetensors").success();
        let large = read(&lab, "large.safetensors", "image_embeds");
        assert_eq!(large.size()[0], 8);
        assert!(large.isfinite().all().int64_value(&[]) == 1, "{model}");
        embed("32", "same.safetensors").success();
        assert!(read(&lab, "same.safetensors", "image_embeds") != large, "{model}");
    }
}
