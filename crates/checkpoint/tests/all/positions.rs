//! Towers with another image size or context length than their checkpoint's.

use crate::support::{catalog, plan};
use clip_lab_checkpoint::{Import, open};
use clip_lab_plugin_api::{Mode, Tokens};
use clip_lab_testing::golden;
use tch::{Device, Kind, Tensor, nn};

/// The same part with another value of a setting.
fn with(mut import: Import, key: &str, value: i64) -> Import {
    import.settings.insert(key.to_owned(), value.into());
    import
}

fn image_of(folder: &str) -> Import {
    let folder = golden(folder);
    open(folder.to_str().unwrap()).unwrap().image().unwrap().unwrap()
}

/// The variables of an image tower after loading, and its features of a grey image.
fn load(import: &Import) -> Result<(nn::VarStore, Tensor), String> {
    let vars = nn::VarStore::new(Device::Cpu);
    let planned = plan(&catalog().image, import, "");
    let tower = planned.build(vars.root() / "image").unwrap();
    import.weights.as_ref().unwrap().load(&vars, "image").map_err(|error| format!("{error:#}"))?;
    let side = planned.properties.image_size;
    let grey = Tensor::zeros([1, 3, side, side], (Kind::Float, Device::Cpu));
    let features = tch::no_grad(|| tower.encode(&grey, Mode::Eval).unwrap());
    Ok((vars, features))
}

#[test]
fn larger_images_get_more_positions_and_other_weights_are_unchanged() {
    for folder in [
        "towers/hf_vit",
        "towers/timm_vit_token",
        "towers/timm_vit_avg",
        "models/open_clip_vit",
        "models/hf_clip",
    ] {
        let import = image_of(folder);
        let size = import.settings["image_size"].as_integer().unwrap();
        let (small, _) = load(&import).unwrap();
        let (large, features) = load(&with(import, "image_size", 2 * size)).unwrap();
        assert!(features.isfinite().all().int64_value(&[]) == 1, "{folder}");
        let (small, large) = (small.variables(), large.variables());
        for (name, tensor) in &small {
            if name != "image.embeddings.position" {
                assert_eq!(tensor, &large[name], "{folder}: {name}");
            }
        }
        let [before, after] = [&small, &large].map(|vars| &vars["image.embeddings.position"]);
        let class = before.size()[0] % 2; // All grids here are even.
        assert_eq!(after.size()[0] - class, 4 * (before.size()[0] - class), "{folder}");
        if class == 1 {
            assert_eq!(before.get(0), after.get(0), "{folder}: the class token's position");
        }
    }
}

#[test]
fn attention_pooling_takes_larger_images_too() {
    let import = image_of("models/open_clip_resnet");
    let size = import.settings["image_size"].as_integer().unwrap();
    let (_, features) = load(&with(import, "image_size", 2 * size)).unwrap();
    assert!(features.isfinite().all().int64_value(&[]) == 1);
}

#[test]
fn another_patch_size_is_an_error() {
    let import = image_of("towers/timm_vit_token");
    let patch = import.settings["patch_size"].as_integer().unwrap();
    let error = load(&with(import, "patch_size", patch / 2)).unwrap_err();
    assert!(error.contains("size mismatch: `patch_embed.proj.weight`"), "{error}");
    assert!(!error.contains("pos_embed"), "{error}");
}

#[test]
fn texts_of_open_clip_can_be_longer_and_others_cannot() {
    let load = |folder: &str, context: i64| {
        let import = open(golden(folder).to_str().unwrap()).unwrap().text().unwrap().unwrap();
        let import = with(import, "context", context);
        let vars = nn::VarStore::new(Device::Cpu);
        let tower = plan(&catalog().text, &import, "").build(vars.root() / "text").unwrap();
        let loaded = import.weights.as_ref().unwrap().load(&vars, "text");
        let ids = Tensor::ones([1, context], (Kind::Int64, Device::Cpu));
        let tokens = Tokens { mask: ids.to_kind(Kind::Bool), ids };
        let encoded = tch::no_grad(|| tower.encode(&tokens, Mode::Eval).unwrap());
        assert!(encoded.isfinite().all().int64_value(&[]) == 1);
        loaded.map_err(|error| error.to_string())
    };
    load("models/open_clip_vit", 90).unwrap();
    load("models/open_clip_vit", 20).unwrap();
    let error = load("towers/hf_bert", 20).unwrap_err();
    assert!(error.contains("size mismatch: `embeddings.position_embeddings.weight`"), "{error}");
}
