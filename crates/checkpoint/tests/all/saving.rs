//! Writing safetensors atomically.

use std::fs;
use std::path::Path;

use clip_lab_checkpoint::{TensorFile, save};
use tch::{Kind, Tensor};

fn named(values: &[f32]) -> Vec<(String, Tensor)> {
    vec![("x".to_owned(), Tensor::from_slice(values))]
}

#[test]
fn saved_tensors_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    let turned = Tensor::arange(6, (Kind::Double, tch::Device::Cpu)).view([2, 3]).tr();
    let half = Tensor::from_slice(&[0.5f32, -2.0]).to_kind(Kind::BFloat16);
    // Longer than what is copied at a time.
    let long = Tensor::arange((1 << 20) + 3, (Kind::Float, tch::Device::Cpu));
    let tensors = vec![
        ("turned".to_owned(), turned.shallow_clone()),
        ("half".into(), half),
        ("long".into(), long),
        ("empty".into(), Tensor::zeros([0, 3], (Kind::Float, tch::Device::Cpu))),
        ("none".into(), Tensor::from(7i64)),
    ];
    save(&path, &tensors, &[("format".into(), "test".into())]).unwrap();
    let file = TensorFile::open(&path).unwrap();
    assert_eq!(file.names(), ["empty", "half", "long", "none", "turned"]);
    assert_eq!(file.metadata()["format"], "test");
    for (name, tensor) in &tensors {
        let read = file.tensor(name).unwrap();
        assert!(read.equal(tensor) && read.kind() == tensor.kind(), "{name}");
    }
    assert!(file.tensor("y").unwrap_err().to_string().contains("holds no tensor called `y`"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_missing_folder_is_named() {
    let error = save(Path::new("/nowhere/x.safetensors"), &named(&[1.0]), &[]).unwrap_err().to_string();
    assert!(error.starts_with("cannot write /nowhere/x.safetensors: "), "{error}");
}
