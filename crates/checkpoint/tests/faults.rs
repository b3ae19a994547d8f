//! What can be wrong with a checkpoint, and the sentences that say so.

#![allow(missing_docs)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use clip_lab_checkpoint::{TensorFile, open, save};
use clip_lab_testing::golden;
use support::{catalog, plan};
use tch::{Device, Tensor, nn};
use tempfile::TempDir;

/// A copy of a golden tower, to be harmed.
fn copy(tower: &str) -> Option<(TempDir, PathBuf)> {
    let from = golden(&format!("towers/{tower}"))?;
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(from.join(file), folder.path().join(file)).unwrap();
    }
    let file = folder.path().join("model.safetensors");
    Some((folder, file))
}

/// Rewrites the file after `change` to its tensors.
fn rewrite(file: &Path, change: impl Fn(&mut Vec<(String, Tensor)>)) {
    let old = TensorFile::open(file).unwrap();
    let mut tensors =
        old.names().into_iter().map(|name| (name.clone(), old.tensor(&name).unwrap())).collect();
    change(&mut tensors);
    save(file, &tensors, &[]).unwrap();
}

/// What loading the image tower of the folder says.
fn refusal(folder: &Path) -> String {
    let import = open(folder.to_str().unwrap()).unwrap().image().unwrap().unwrap();
    let vars = nn::VarStore::new(Device::Cpu);
    plan(&catalog().image, &import, "").build(vars.root() / "image").unwrap();
    import.weights.unwrap().load(&vars, "image").unwrap_err().to_string()
}

#[test]
fn missing_extra_and_misshapen_tensors_are_all_named() {
    let Some((folder, file)) = copy("hf_vit") else { return };
    rewrite(&file, |tensors| {
        tensors.retain(|(name, _)| name != "encoder.layer.1.attention.attention.key.bias");
        tensors.push(("surplus.weight".into(), Tensor::zeros([2, 3], tch::kind::FLOAT_CPU)));
        let norm = tensors.iter_mut().find(|(name, _)| name == "layernorm.weight").unwrap();
        norm.1 = Tensor::zeros([7], tch::kind::FLOAT_CPU);
        // Heads and counters are never needed.
        tensors.push(("classifier.weight".into(), Tensor::zeros([2, 48], tch::kind::FLOAT_CPU)));
    });
    let words = refusal(folder.path());
    let expected = [
        "missing: `encoder.layer.1.attention.attention.key.bias` for `image.blocks.1.attn.qkv.bias` [144]",
        "misshapen: `layernorm.weight` is [7], `image.head.norm.weight` is [48]",
        "extra: `surplus.weight` [2, 3]",
        "a setting of the spec may differ",
    ];
    expected.iter().for_each(|part| assert!(words.contains(part), "{part}\n{words}"));
    assert!(!words.contains("classifier"), "{words}");
}

#[test]
fn old_names_and_wrappers_are_understood() {
    let Some((folder, file)) = copy("hf_bert") else { return };
    let before = open(folder.path().to_str().unwrap()).unwrap().text().unwrap().unwrap();
    rewrite(&file, |tensors| {
        for (name, _) in tensors.iter_mut() {
            let old = name
                .replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta");
            *name = format!("module.bert.{old}");
        }
        tensors.push(("module.cls.predictions.bias".into(), Tensor::zeros([900], tch::kind::FLOAT_CPU)));
    });
    let after = open(folder.path().to_str().unwrap()).unwrap().text().unwrap().unwrap();
    assert_eq!(before.settings, after.settings);
    support::text(&after, "");
}

#[test]
fn a_file_cut_short_says_what_is_missing() {
    let Some((folder, file)) = copy("hf_vit") else { return };
    let whole = fs::read(&file).unwrap();
    let error = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        format!("{:#}", open(folder.path().to_str().unwrap()).unwrap_err())
    };
    let words = error(&whole[..whole.len() - 100]);
    assert!(words.contains("model.safetensors: cut short: its tensors take"), "{words}");
    assert!(words.contains("the first that is not whole is `"), "{words}");
    assert!(error(&whole[..100]).contains("cut short or no safetensors file: a header of"));
    assert!(error(&whole[..5]).contains("cut short: only 5 bytes"));
    assert!(error(b"").contains("cut short: only 0 bytes"));
    assert!(error(b"this is a text, and no safetensors file at all").contains("no safetensors file"));
    let longer = [&whole[..], b"more"].concat();
    assert!(error(&longer).contains("4 bytes follow the last tensor"));
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
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
    let told = format!("{:#}", open(weights.to_str().unwrap()).unwrap_err());
    assert!(told.contains("x.safetensors\"`: no such file or folder"), "{told}");
}

#[test]
fn pickles_are_never_opened() {
    let Some((folder, file)) = copy("hf_vit") else { return };
    fs::rename(&file, folder.path().join("pytorch_model.bin")).unwrap();
    let words = open(folder.path().to_str().unwrap()).unwrap_err().to_string();
    assert!(words.contains("pytorch_model.bin is a Python pickle") && words.contains("save_file"), "{words}");
    let words = open("somewhere/weights.pt").unwrap_err().to_string();
    assert!(words.contains("weights.pt is a Python pickle"), "{words}");
}

#[test]
fn a_name_that_leads_nowhere_is_answered_with_the_nearest() {
    let words = open("minilm-16").unwrap_err().to_string();
    assert!(words.contains("Did you mean `minilm-l6`?"), "{words}");
    let words = open("~/weights").unwrap_err().to_string();
    assert!(words.contains("`~` is not expanded"), "{words}");
    let words = open("hf:../x").unwrap_err().to_string();
    assert!(words.contains("is not of the form hf:ORGANISATION/NAME"), "{words}");
}

#[test]
fn a_folder_that_is_no_checkpoint_says_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let error = || format!("{:#}", open(folder.path().to_str().unwrap()).unwrap_err());
    assert!(error().contains("holds no checkpoint: expected is a config.json"));
    fs::write(folder.path().join("config.json"), "{\"model_type\": \"swin\"}").unwrap();
    assert!(error().contains("models of the type `swin` are not offered; offered are vit, resnet"));
    fs::write(folder.path().join("config.json"), "{").unwrap();
    assert!(error().contains("config.json is not JSON"));
}

#[test]
fn the_fingerprint_follows_the_bytes() {
    let Some((folder, file)) = copy("hf_vit") else { return };
    let print = || {
        let import = open(folder.path().to_str().unwrap()).unwrap().image().unwrap().unwrap();
        import.weights.unwrap().fingerprint().unwrap()
    };
    let before = print();
    assert_eq!(before, print());
    rewrite(&file, |tensors| {
        tensors.push(("classifier.bias".into(), Tensor::zeros([2], tch::kind::FLOAT_CPU)))
    });
    assert_eq!(before, print(), "a head is no part of the tower");
    rewrite(&file, |tensors| {
        let (_, norm) = tensors.iter_mut().find(|(name, _)| name == "layernorm.bias").unwrap();
        *norm += 1e-3;
    });
    assert_ne!(before, print());
}

#[test]
fn without_a_network_the_hub_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let error = |offline: bool| {
        let test = std::env::current_exe().unwrap();
        let mut child = std::process::Command::new(test);
        child.args(["--exact", "asks_the_hub", "--ignored", "--nocapture"]);
        child.env("HF_HOME", home.path()).env_remove("HF_HUB_CACHE").env("HF_ENDPOINT", "http://127.0.0.1:9");
        if offline {
            child.env("HF_HUB_OFFLINE", "1")
        } else {
            child.env_remove("HF_HUB_OFFLINE")
        };
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    let words = error(true);
    assert!(words.contains("HF_HUB_OFFLINE is set: download it once without"), "{words}");
    let words = error(false);
    assert!(words.contains("cannot be fetched: ") && words.contains("is there a network"), "{words}");
    // A repository that is in the cache needs no network.
    let Some((folder, _)) = copy("hf_vit") else { return };
    let cached = home.path().join("hub/models--someone--vit");
    fs::create_dir_all(cached.join("refs")).unwrap();
    fs::write(cached.join("refs/main"), "0123").unwrap();
    fs::create_dir_all(cached.join("snapshots")).unwrap();
    fs::rename(folder.path(), cached.join("snapshots/0123")).unwrap();
    let words = error(true);
    assert!(words.contains("Hugging Face vit in"), "{words}");
}

/// Run by the test above in a process of its own, whose environment it sets.
#[test]
#[ignore = "part of another test"]
fn asks_the_hub() {
    match open("hf:someone/vit") {
        Ok(checkpoint) => println!("{}", checkpoint.describe()),
        Err(error) => println!("{error:#}"),
    }
}
