//! TorchScript modules as image towers. `tests/torchscript/tower.pt` was written by `tower.py` beside it.

use crate::generator::generator;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

use clip_lab_plugin_api::{conformance, prelude::*};
use plugins_image::TorchScriptImage;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torchscript")
}

fn settings(path: &Path) -> TorchScriptImage {
    TorchScriptImage { path: path.to_owned(), width: 12, image_size: 16 }
}

fn tower() -> TorchScriptImage {
    settings(&folder().join("tower.pt"))
}

fn images() -> Tensor {
    Tensor::rand([4, 3, 16, 16], (DType::Float, Device::Cpu))
}

fn conforms(settings: &TorchScriptImage) {
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = settings.build(vars.root()).unwrap();
    conformance::image_encoder(&*encoder, &vars, &settings.properties()).unwrap();
    assert_eq!(encoder.layers(), ["scale", "stem", "blocks.0", "blocks.1"]);
}

fn error(settings: &TorchScriptImage, images: &Tensor) -> String {
    let vars = nn::VarStore::new(Device::Cpu);
    let encoded = settings.build(vars.root()).and_then(|encoder| encoder.encode(images, Mode::Train));
    format!("{:#}", encoded.unwrap_err())
}

#[test]
fn a_module_from_a_file_satisfies_the_contract() {
    let _generator = generator();
    conforms(&tower());
}

#[test]
fn a_freshly_scripted_module_satisfies_the_contract() {
    let _generator = generator();
    let python = std::env::var("CLIP_LAB_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let torch = Command::new(&python).args(["-c", "import torch"]).output();
    if !torch.is_ok_and(|output| output.status.success()) {
        return eprintln!("SKIPPED: {python} has no torch; set CLIP_LAB_PYTHON to a Python that has");
    }
    let fresh = std::env::temp_dir().join(format!("clip-lab-tower-{}.pt", std::process::id()));
    let written = Command::new(python).arg(folder().join("tower.py")).arg(&fresh).status().unwrap();
    assert!(written.success());
    conforms(&settings(&fresh));
    std::fs::remove_file(fresh).unwrap();
}

#[test]
fn it_learns_and_its_statistics_are_saved_with_its_weights() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = tower().build(vars.root()).unwrap();
    let (images, target) = (images(), Tensor::rand([4, 12], (DType::Float, Device::Cpu)));
    let mean = vars.variables()["blocks.0.norm.running_mean"].copy();
    let mut losses = Vec::new();
    for _ in 0..20 {
        let loss = (encoder.encode(&images, Mode::Train).unwrap() - &target).square().mean(None);
        loss.backward();
        losses.push(loss.double_value(&[]));
        for mut param in vars.trainable_variables() {
            let _ = tch::no_grad(|| param.shallow_clone().subtract_(&(param.grad() * 0.2)));
            param.zero_grad();
        }
    }
    assert!(losses[19] < 0.7 * losses[0], "{losses:?}");
    assert_ne!(vars.variables()["blocks.0.norm.running_mean"], mean);
}

#[test]
fn a_locked_module_computes_the_same_in_training_and_evaluation() {
    let _generator = generator();
    let mut vars = nn::VarStore::new(Device::Cpu);
    let encoder = tower().build(vars.root()).unwrap();
    let images = images();
    let eval = encoder.encode(&images, Mode::Eval).unwrap();
    assert_ne!(encoder.encode(&images, Mode::Train).unwrap(), eval);
    vars.freeze();
    let eval = encoder.encode(&images, Mode::Eval).unwrap();
    let mean = vars.variables()["blocks.0.norm.running_mean"].copy();
    assert_eq!(encoder.encode(&images, Mode::Train).unwrap(), eval);
    assert_eq!(vars.variables()["blocks.0.norm.running_mean"], mean);
}

#[test]
fn a_locked_batch_norm_keeps_its_statistics_while_the_rest_learns() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = tower().build(vars.root()).unwrap();
    for (name, tensor) in vars.variables() {
        if name.starts_with("blocks.0.") {
            let _ = tensor.set_requires_grad(false);
        }
    }
    let statistics = |block: usize| vars.variables()[&format!("blocks.{block}.norm.running_var")].copy();
    let before = [statistics(0), statistics(1)];
    let _ = encoder.encode(&images(), Mode::Train).unwrap();
    assert_eq!(statistics(0), before[0]);
    assert_ne!(statistics(1), before[1]);
}

#[test]
fn repeated_calls_are_bit_identical() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = tower().build(vars.root()).unwrap();
    let images = images();
    let first = encoder.encode(&images, Mode::Eval).unwrap();
    for _ in 0..5 {
        assert_eq!(encoder.encode(&images, Mode::Eval).unwrap(), first);
    }
}

#[test]
fn failures_are_reported() {
    let _generator = generator();
    let images = images();
    let missing = error(&settings(Path::new("nowhere.pt")), &images);
    assert!(missing.contains("nowhere.pt cannot be read: No such file"), "{missing}");
    let script = error(&settings(&folder().join("tower.py")), &images);
    assert!(script.contains("tower.py is not a TorchScript archive; create one with"), "{script}");
    let wide = error(&TorchScriptImage { width: 13, ..tower() }, &images);
    assert!(wide.contains("returned [4, 12], expected [4, 13]"), "{wide}");
    let large = Tensor::zeros([1, 3, 516, 8], (DType::Float, Device::Cpu));
    let raised = error(&tower(), &large);
    assert!(raised.contains("forward failed") && raised.contains("above 512 pixels"), "{raised}");
    assert!(!raised.contains('\n'), "{raised}");
}

#[test]
fn weights_of_another_archive_are_rejected() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = tower().build(vars.root()).unwrap();
    let _ = vars.variables()["archive_digest"].shallow_clone().fill_(7);
    let error = encoder.encode(&images(), Mode::Eval).unwrap_err().to_string();
    assert!(error.contains("another TorchScript archive"), "{error}");
}
