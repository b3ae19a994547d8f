//! TorchScript modules as text towers. `tests/torchscript/tower.pt` was written by `tower.py` beside it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use clip_lab_plugin_api::{conformance, prelude::*};
use plugins_text::TorchScriptText;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torchscript")
}

fn settings(path: &Path) -> TorchScriptText {
    TorchScriptText { path: path.to_owned(), width: 12, context: 16, vocab: 64 }
}

fn conforms(settings: &TorchScriptText) {
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = settings.build(vars.root()).unwrap();
    conformance::text_encoder(&*encoder, &vars, &settings.properties()).unwrap();
    assert_eq!(encoder.layers(), ["position", "word", "blocks.0", "blocks.1", "first", "second"]);
    assert!(!vars.variables().contains_key("second.weight"), "a shared weight must be one variable");
}

#[test]
fn a_module_from_a_file_satisfies_the_contract() {
    conforms(&settings(&folder().join("tower.pt")));
}

#[test]
fn a_freshly_scripted_module_satisfies_the_contract() {
    let python = std::env::var("CLIP_LAB_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let torch = Command::new(&python).args(["-c", "import torch"]).output();
    if !torch.is_ok_and(|output| output.status.success()) {
        return eprintln!("SKIPPED: {python} has no torch; set CLIP_LAB_PYTHON to a Python that has");
    }
    let fresh = std::env::temp_dir().join(format!("clip-lab-text-tower-{}.pt", std::process::id()));
    let written = Command::new(python).arg(folder().join("tower.py")).arg(&fresh).status().unwrap();
    assert!(written.success());
    conforms(&settings(&fresh));
    std::fs::remove_file(fresh).unwrap();
}

#[test]
fn failures_are_reported() {
    let error = |settings: TorchScriptText, length: i64| {
        let vars = nn::VarStore::new(Device::Cpu);
        let ids = Tensor::ones([2, length], (DType::Int64, Device::Cpu));
        let tokens = Tokens { mask: ids.ones_like().to_kind(DType::Bool), ids };
        let encoded = settings.build(vars.root()).and_then(|encoder| encoder.encode(&tokens, Mode::Eval));
        format!("{:#}", encoded.unwrap_err())
    };
    let tower = settings(&folder().join("tower.pt"));
    let missing = error(settings(Path::new("nowhere.pt")), 4);
    assert!(missing.contains("nowhere.pt cannot be read"), "{missing}");
    assert!(error(tower.clone(), 17).contains("from 1 to 16 tokens, got 17"));
    let wide = error(TorchScriptText { width: 9, ..tower }, 4);
    assert!(wide.contains("returned [2, 12], expected [2, 9]"), "{wide}");
}
