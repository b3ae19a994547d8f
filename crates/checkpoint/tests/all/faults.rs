//! Faults of checkpoints and their error messages.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{self, catalog, plan};
use clip_lab_checkpoint::{TensorFile, open, save};
use clip_lab_testing::golden;
use tch::{Device, Tensor, nn};
use tempfile::TempDir;

/// A copy of a golden tower, to be damaged.
fn copy(tower: &str) -> (TempDir, PathBuf) {
    let from = golden(&format!("towers/{tower}"));
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(from.join(file), folder.path().join(file)).unwrap();
    }
    let file = folder.path().join("model.safetensors");
    (folder, file)
}

/// Rewrites the file after `change` to its tensors.
fn rewrite(file: &Path, change: impl Fn(&mut Vec<(String, Tensor)>)) {
    let old = TensorFile::open(file).unwrap();
    let mut tensors =
        old.names().into_iter().map(|name| (name.clone(), old.tensor(&name).unwrap())).collect();
    change(&mut tensors);
    save(file, &tensors, &[]).unwrap();
}

/// The error of loading the image tower of a folder.
fn load_error(folder: &Path) -> String {
    let import = open(folder.to_str().unwrap()).unwrap().image().unwrap().unwrap();
    let vars = nn::VarStore::new(Device::Cpu);
    plan(&catalog().image, &import, "").build(vars.root() / "image").unwrap();
    import.weights.unwrap().load(&vars, "image").unwrap_err().to_string()
}

#[test]
fn missing_unexpected_and_mismatched_tensors_are_all_named() {
    let (folder, file) = copy("hf_vit");
    rewrite(&file, |tensors| {
        tensors.retain(|(name, _)| name != "encoder.layer.1.attention.attention.key.bias");
        tensors.push(("surplus.weight".into(), Tensor::zeros([2, 3], tch::kind::FLOAT_CPU)));
        let norm = tensors.iter_mut().find(|(name, _)| name == "layernorm.weight").unwrap();
        norm.1 = Tensor::zeros([7], tch::kind::FLOAT_CPU);
        // Heads and counters are never needed.
        tensors.push(("classifier.weight".into(), Tensor::zeros([2, 32], tch::kind::FLOAT_CPU)));
    });
    let error = load_error(folder.path());
    let expected = [
        "missing: `encoder.layer.1.attention.attention.key.bias` for `image.blocks.1.attn.qkv.bias` [96]",
        "size mismatch: `layernorm.weight` is [7], `image.head.norm.weight` is [32]",
        "unexpected: `surplus.weight` [2, 3]",
        "a setting of the spec may differ",
    ];
    expected.iter().for_each(|part| assert!(error.contains(part), "{part}\n{error}"));
    assert!(!error.contains("classifier"), "{error}");
}

#[test]
fn old_names_and_wrappers_are_understood() {
    let (folder, file) = copy("hf_bert");
    let before = open(folder.path().to_str().unwrap()).unwrap().text().unwrap().unwrap();
    rewrite(&file, |tensors| {
        for (name, _) in tensors.iter_mut() {
            let old = name
                .replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta");
            *name = format!("module.bert.{old}");
        }
        tensors.push(("module.cls.predictions.bias".into(), Tensor::zeros([300], tch::kind::FLOAT_CPU)));
    });
    let after = open(folder.path().to_str().unwrap()).unwrap().text().unwrap().unwrap();
    assert_eq!(before.settings, after.settings);
    support::text(&after, "");
}

#[test]
fn a_truncated_file_is_reported_with_the_missing_part() {
    let (folder, file) = copy("hf_vit");
    let whole = fs::read(&file).unwrap();
    let error = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        format!("{:#}", open(folder.path().to_str().unwrap()).unwrap_err())
    };
    let message = error(&whole[..whole.len() - 100]);
    assert!(message.contains("model.safetensors: truncated: its tensors take"), "{message}");
    assert!(message.contains("the first incomplete tensor is `"), "{message}");
    assert!(error(&whole[..100]).contains("truncated or not a safetensors file: the header should have"));
    assert!(error(&whole[..5]).contains("truncated: only 5 bytes"));
    assert!(error(b"").contains("truncated: only 0 bytes"));
    assert!(error(b"this is a text, and no safetensors file at all").contains("not a safetensors file"));
    let longer = [&whole[..], b"more"].concat();
    assert!(error(&longer).contains("4 bytes follow the last tensor"));
}

#[test]
fn files_that_are_not_regular_are_rejected_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let error = || format!("{:#}", open(folder.path().to_str().unwrap()).unwrap_err());
    let fifo = |name: &str| {
        let made = std::process::Command::new("mkfifo").arg(folder.path().join(name)).status().unwrap();
        assert!(made.success());
    };
    fifo("config.json");
    assert!(error().contains("config.json: a FIFO, not a regular file"), "{}", error());
    fs::remove_file(folder.path().join("config.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("config.json")).unwrap();
    assert!(error().contains("config.json: a device, not a regular file"), "{}", error());
    fs::remove_file(folder.path().join("config.json")).unwrap();
    fs::File::create(folder.path().join("config.json")).unwrap().set_len(1 << 40).unwrap();
    assert!(error().contains("config.json: larger than 128 MiB, the limit for such a file"), "{}", error());
    let weights = folder.path().join("x.safetensors");
    fifo("x.safetensors");
    let error = format!("{:#}", open(weights.to_str().unwrap()).unwrap_err());
    assert!(error.contains("x.safetensors\"`: no such file or folder"), "{error}");
}

#[test]
fn pickles_are_never_opened() {
    let (folder, file) = copy("hf_vit");
    fs::rename(&file, folder.path().join("pytorch_model.bin")).unwrap();
    let error = open(folder.path().to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains("pytorch_model.bin is a Python pickle") && error.contains("save_file"), "{error}");
    let error = open("somewhere/weights.pt").unwrap_err().to_string();
    assert!(error.contains("weights.pt is a Python pickle"), "{error}");
}

#[test]
fn the_nearest_name_is_suggested_for_an_unknown_one() {
    let error = open("minilm-16").unwrap_err().to_string();
    assert!(error.contains("Did you mean `minilm-l6`?"), "{error}");
    let error = open("~/weights").unwrap_err().to_string();
    assert!(error.contains("`~` is not expanded"), "{error}");
    let error = open("hf:../x").unwrap_err().to_string();
    assert!(error.contains("is not of the form hf:ORGANISATION/NAME"), "{error}");
}

#[test]
fn a_folder_without_a_checkpoint_reports_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let error = || format!("{:#}", open(folder.path().to_str().unwrap()).unwrap_err());
    assert!(error().contains("holds no checkpoint: expected a config.json"));
    fs::write(folder.path().join("config.json"), "{\"model_type\": \"swin\"}").unwrap();
    assert!(error().contains("models of the type `swin` are not supported; supported are vit, resnet"));
    fs::write(folder.path().join("config.json"), "{").unwrap();
    assert!(error().contains("config.json is not JSON"));
}

#[test]
fn the_fingerprint_depends_on_the_bytes() {
    let (folder, file) = copy("hf_vit");
    let fingerprint = || {
        let import = open(folder.path().to_str().unwrap()).unwrap().image().unwrap().unwrap();
        import.weights.unwrap().fingerprint().unwrap()
    };
    let before = fingerprint();
    assert_eq!(before, fingerprint());
    rewrite(&file, |tensors| {
        tensors.push(("classifier.bias".into(), Tensor::zeros([2], tch::kind::FLOAT_CPU)))
    });
    assert_eq!(before, fingerprint(), "a head is not part of the tower");
    rewrite(&file, |tensors| {
        let (_, norm) = tensors.iter_mut().find(|(name, _)| name == "layernorm.bias").unwrap();
        *norm += 1e-3;
    });
    assert_ne!(before, fingerprint());
}

#[test]
fn without_a_network_the_error_suggests_a_fix() {
    let home = tempfile::tempdir().unwrap();
    let error = |offline: bool| {
        let test = std::env::current_exe().unwrap();
        let mut child = std::process::Command::new(test);
        child.args(["--exact", "faults::asks_the_hub", "--ignored", "--nocapture"]);
        child.env("HF_HOME", home.path()).env_remove("HF_HUB_CACHE").env("HF_ENDPOINT", "http://127.0.0.1:9");
        if offline {
            child.env("HF_HUB_OFFLINE", "1")
        } else {
            child.env_remove("HF_HUB_OFFLINE")
        };
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    let message = error(true);
    assert!(message.contains("HF_HUB_OFFLINE is set: download it once without"), "{message}");
    let message = error(false);
    assert!(message.contains("cannot be fetched: ") && message.contains("is there a network"), "{message}");
    // A repository that is in the cache needs no network.
    let (folder, _) = copy("hf_vit");
    let cached = home.path().join("hub/models--someone--vit");
    fs::create_dir_all(cached.join("refs")).unwrap();
    fs::write(cached.join("refs/main"), "0123").unwrap();
    fs::create_dir_all(cached.join("snapshots")).unwrap();
    fs::rename(folder.path(), cached.join("snapshots/0123")).unwrap();
    let message = error(true);
    assert!(message.contains("Hugging Face vit in"), "{message}");
}

/// Run by the test above in a separate process with its own environment.
#[test]
#[ignore = "part of another test"]
fn asks_the_hub() {
    match open("hf:someone/vit") {
        Ok(checkpoint) => println!("{}", checkpoint.describe()),
        Err(error) => println!("{error:#}"),
    }
}
