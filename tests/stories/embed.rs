//! `clip-lab embed`: models of other libraries, specs, runs, and invalid arguments.

use std::{fs, path::Path};

use clip_lab_checkpoint::TensorFile;
use tch::{Kind, Tensor};

use crate::{lab::Lab, program::assert_contains, support::goldens};

fn read(path: &Path, name: &str) -> Tensor {
    TensorFile::open(path).unwrap().tensor(name).unwrap().to_kind(Kind::Float)
}

/// The largest difference beyond one part in ten thousand.
fn distance(ours: &Tensor, theirs: &Tensor) -> f64 {
    assert_eq!(ours.size(), theirs.size());
    ((ours - theirs).abs() - theirs.abs() * 1e-4).max().double_value(&[])
}

fn lengths(rows: &Tensor) -> Vec<f64> {
    Vec::try_from(rows.square().sum_dim_intlist(-1, false, Kind::Double).sqrt()).unwrap()
}

/// Embeds the golden images and texts of `model`, including an empty and a long text, and compares them with the
/// reference.
fn agrees(model: &str) {
    let root = goldens("models");
    let (lab, folder) = (Lab::empty(), root.join(model));
    let captions: Vec<String> =
        serde_json::from_str(&fs::read_to_string(folder.join("texts.json")).unwrap()).unwrap();
    lab.write("all.txt", captions.join("\n"));
    let (images, twelve) = (root.join("../images"), root.join("../texts.txt"));
    for (file, rows) in [(twelve.to_str().unwrap(), 12), ("all.txt", captions.len() as i64)] {
        let args = ["embed", folder.to_str().unwrap(), "--images", images.to_str().unwrap(), "--texts", file];
        let out = lab.run(&[&args[..], &["--out", "x.safetensors"]].concat()).success();
        assert_contains(
            &out,
            &["image_embeds [8, ", &format!("text_embeds [{rows}, "), "written to x.safetensors"],
        );
        let (ours, theirs) = (lab.path("x.safetensors"), folder.join("io.safetensors"));
        let off = distance(&read(&ours, "image_embeds"), &read(&theirs, "image_embeds"));
        assert!(off <= 1e-4, "{model}: images are off by {off:e}");
        let off = distance(&read(&ours, "text_embeds"), &read(&theirs, "text_embeds").narrow(0, 0, rows));
        assert!(off <= 1e-4, "{model}, {rows} texts: they are off by {off:e}");
        let named = TensorFile::open(&ours).unwrap().metadata()["images"].clone();
        assert!(named.starts_with(r#"["00.png","01.png""#), "{named}");
    }
}

#[test]
fn hf_clip_agrees() {
    agrees("hf_clip");
}

#[test]
fn hf_dual_encoder_agrees() {
    agrees("hf_dual_vit_bert");
}

#[test]
fn open_clip_vit_agrees() {
    agrees("open_clip_vit");
}

#[test]
fn open_clip_resnet_agrees() {
    agrees("open_clip_resnet");
}

#[test]
fn raw_embeddings_are_not_scaled() {
    let root = goldens("models/hf_clip");
    let (lab, images) = (Lab::empty(), root.join("../../images"));
    let embed = |out: &str, more: &[&str]| {
        let args = ["embed", root.to_str().unwrap(), "--images", images.to_str().unwrap(), "--out", out];
        lab.run(&[&args[..], more].concat()).success();
        read(&lab.path(out), "image_embeds")
    };
    let (unit, raw) = (embed("unit.safetensors", &[]), embed("raw.safetensors", &["--raw"]));
    assert!(lengths(&unit).iter().all(|length| (length - 1.0).abs() < 1e-5));
    assert!(lengths(&raw).iter().any(|length| (length - 1.0).abs() > 1e-2));
    let scaled = &raw / raw.norm_scalaropt_dim(2.0, [-1i64].as_slice(), true);
    assert!(distance(&scaled, &unit) <= 1e-5);
}

#[test]
fn a_run_embeds_with_the_weights_it_learned() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).success();
    let embed = |model: &str, out: &str| {
        let args = ["embed", model, "--images", "data", "--texts", "tiny.toml", "--out", out];
        let done = lab.run(&args);
        // The caption list in the image folder is logged and has no row in the file.
        assert_contains(&done.err, &["skipped: captions.csv", "not an image"]);
        assert_contains(&done.success(), &["image_embeds [56, 16]"]);
        (read(&lab.path(out), "image_embeds"), read(&lab.path(out), "text_embeds"))
    };
    let (by_name, by_uid) =
        (embed("tiny", "a.safetensors"), embed(lab.newest()["uid"].as_str().unwrap(), "b.safetensors"));
    assert!(by_name.0 == by_uid.0 && by_name.1 == by_uid.1);
    let untrained = embed("tiny.toml", "c.safetensors");
    assert!(distance(&untrained.0, &by_name.0) > 1e-3 && distance(&untrained.1, &by_name.1) > 1e-3);
}

#[test]
fn unreadable_images_do_not_change_the_order_of_the_others() {
    let lab = Lab::new();
    lab.write("data/01.png", "no image");
    let done = lab.run(&["embed", "tiny.toml", "--images", "data", "--out", "x.safetensors"]);
    assert_contains(&done.err, &["skipped: 01.png"]);
    done.success();
    assert_eq!(read(&lab.path("x.safetensors"), "image_embeds").size(), [55, 16]);
    let named = TensorFile::open(&lab.path("x.safetensors")).unwrap().metadata()["images"].clone();
    assert!(named.starts_with(r#"["00.png","02.png""#), "{named}");
}

#[test]
fn invalid_arguments_of_embed_are_reported() {
    let lab = Lab::new();
    let refused =
        |args: &[&str]| lab.run(&[&["embed"], args, &["--out", "x.safetensors"]].concat()).failure();
    assert_contains(&refused(&["tiny.toml"]), &["nothing to embed", "--images DIR", "--texts FILE"]);
    assert_contains(&refused(&["data", "--images", "data"]), &["data holds no checkpoint", "config.json"]);
    assert_contains(
        &refused(&["nobody", "--images", "data"]),
        &["neither a spec nor a checkpoint", "no store"],
    );
    assert_contains(&refused(&["tiny.toml", "--texts", "none.txt"]), &["none.txt", "No such file"]);
    lab.write("empty.txt", "");
    assert_contains(&refused(&["tiny.toml", "--texts", "empty.txt"]), &["empty.txt is empty"]);
    fs::create_dir(lab.path("void")).unwrap();
    assert_contains(&refused(&["tiny.toml", "--images", "void"]), &["void has no files"]);
    lab.write("void/a.png", "no image");
    assert_contains(
        &refused(&["tiny.toml", "--images", "void"]),
        &["1 of 1 images cannot be used", "a.png: it is not an image"],
    );
    let tower = goldens("towers/hf_vit");
    let args = [tower.to_str().unwrap(), "--texts", "tiny.toml"];
    assert_contains(&refused(&args), &["the model has no text tower"]);
    assert!(!lab.path("x.safetensors").exists());
}
