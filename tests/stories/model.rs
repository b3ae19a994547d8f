//! `clip-lab model`: models are shown, exported, read back, and loaded by other tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clip_lab_checkpoint::{TensorFile, cache_dir};
use clip_lab_torch_ext::Script;
use serde_json::Value;
use tch::{Device, Kind, Tensor};

use crate::{
    lab::{Lab, TINY},
    program::assert_contains,
    support::goldens,
};

/// Tolerance of a round trip: only the order of sums differs.
const BACK: f64 = 1e-6;

fn read(path: &Path, name: &str) -> Tensor {
    TensorFile::open(path).unwrap().tensor(name).unwrap().to_kind(Kind::Float)
}

fn off(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

fn embed(lab: &Lab, model: &str, root: &Path) -> [Tensor; 2] {
    let (images, texts) = (root.join("../images"), root.join("../texts.txt"));
    let args = ["embed", model, "--images", images.to_str().unwrap(), "--texts", texts.to_str().unwrap()];
    lab.run(&[&args[..], &["--out", "x.safetensors"]].concat()).success();
    ["image_embeds", "text_embeds"].map(|name| read(&lab.path("x.safetensors"), name))
}

/// Exports a golden model and compares the embeddings of the export with those of the model.
fn round_trip(model: &str, format: &str) -> Lab {
    let root = goldens("models");
    let (lab, source) = (Lab::empty(), root.join(model));
    let source = source.to_str().unwrap();
    lab.run(&["model", "export", source, "--format", format, "--out", "out"]).success();
    let (before, after) = (embed(&lab, source, &root), embed(&lab, "out", &root));
    for (a, b) in before.iter().zip(&after) {
        assert!(off(a, b) <= BACK, "{model} as {format}: {}", off(a, b));
    }
    lab
}

/// Checks that every tensor of the original is bit-identical in the export.
fn same_tensors(lab: &Lab, model: &str, file: &str) {
    let original = TensorFile::open(&goldens("models").join(model).join(file)).unwrap();
    let ours = TensorFile::open(&lab.path("out").join(file)).unwrap();
    let mut compared = 0;
    for name in original.names() {
        if name.ends_with("num_batches_tracked") || name.ends_with("position_ids") {
            continue;
        }
        let (a, b) =
            (original.tensor(&name).unwrap(), ours.tensor(&name).unwrap_or_else(|error| panic!("{error}")));
        // The logit scale is converted through our settings, which store its exponential.
        let allowed = if name == "logit_scale" { 1e-5 } else { 0.0 };
        assert!(off(&a, &b) <= allowed, "{name} of {model}");
        compared += 1;
    }
    let more = ours.names().len() - compared;
    assert!(compared > 20 && more == 0, "{compared} tensors match, {more} are unexpected");
}

#[test]
fn a_clip_of_hugging_face_round_trips_tensor_by_tensor() {
    let lab = round_trip("hf_clip", "hf");
    same_tensors(&lab, "hf_clip", "model.safetensors");
    let card = fs::read_to_string(lab.path("out/README.md")).unwrap();
    assert_contains(&card, &["library_name: transformers", "CLIPModel.from_pretrained", "| image | vit |"]);
}

#[test]
fn a_dual_encoder_round_trips_tensor_by_tensor() {
    let lab = round_trip("hf_dual_vit_bert", "hf");
    same_tensors(&lab, "hf_dual_vit_bert", "model.safetensors");
}

#[test]
fn models_of_open_clip_round_trip_tensor_by_tensor() {
    for model in ["open_clip_vit", "open_clip_resnet"] {
        let lab = round_trip(model, "open_clip");
        same_tensors(&lab, model, "open_clip_model.safetensors");
    }
}

#[test]
fn models_convert_from_one_tool_to_the_other() {
    // The first exports CLIP's vocabulary, the second its own tokenizer.
    round_trip("open_clip_vit", "hf");
    round_trip("hf_clip", "open_clip");
}

#[test]
fn unsupported_models_are_reported() {
    let root = goldens("models");
    let lab = Lab::empty();
    let refused = |model: &str, format: &str| {
        let source = root.join(model);
        let args = ["model", "export", source.to_str().unwrap(), "--format", format, "--out", "out"];
        lab.run(&args).failure()
    };
    let error = refused("open_clip_resnet", "hf");
    assert_contains(&error, &["the image tower is `resnet`", "--format torchscript supports every model"]);
    assert_contains(&refused("hf_dual_vit_bert", "open_clip"), &["the text tower is `bert`", "pre_norm"]);
    assert!(fs::read_dir(lab.path(".")).unwrap().next().is_none(), "nothing is left behind");
}

#[test]
fn an_export_is_replaced_only_when_asked() {
    let root = goldens("models/hf_clip");
    let lab = Lab::empty();
    let export = |more: &[&str]| {
        let args = ["model", "export", root.to_str().unwrap(), "--format", "hf", "--out", "out"];
        lab.run(&[&args[..], more].concat())
    };
    export(&[]).success();
    assert_contains(&export(&[]).failure(), &["out already holds an export", "--force"]);
    lab.write("out/notes.txt", "mine");
    assert_contains(&export(&["--force"]).failure(), &["out holds notes.txt", "not part of the export"]);
    fs::rename(lab.path("out/notes.txt"), lab.path("notes.txt")).unwrap();
    // Folders named like earlier temporary ones may belong to the user.
    for theirs in [".out.partial", ".out.old"] {
        fs::create_dir(lab.path(theirs)).unwrap();
        lab.write(&format!("{theirs}/mine.txt"), "mine");
    }
    let answer: Value = serde_json::from_str(&export(&["--force", "--json"]).success()).unwrap();
    assert_eq!((&answer["version"], &answer["kind"]), (&1.into(), &"CLIPModel".into()));
    assert!(lab.path(".out.partial/mine.txt").exists() && lab.path(".out.old/mine.txt").exists());
    let mut left: Vec<_> =
        fs::read_dir(lab.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".out.old", ".out.partial", "notes.txt", "out"], "nothing of ours is left behind");
    fs::remove_file(lab.path("out/clip-lab.json")).unwrap();
    assert_contains(&export(&["--force"]).failure(), &["is not an export of clip-lab"]);
    assert!(lab.path("out/model.safetensors").exists());
}

#[test]
fn a_torchscript_file_computes_what_transformers_computes() {
    let root = goldens("models");
    for model in ["hf_clip", "hf_dual_vit_bert", "open_clip_resnet"] {
        let (lab, source) = (Lab::empty(), root.join(model));
        let args = ["model", "export", source.to_str().unwrap(), "--format", "torchscript", "--out", "out"];
        lab.run(&args).success();
        let io = TensorFile::open(&source.join("io.safetensors")).unwrap();
        let script = Script::load(&lab.path("out/model.pt"), Device::Cpu).unwrap();
        let unit = |rows: Tensor| &rows / rows.norm_scalaropt_dim(2.0, [-1i64].as_slice(), true);
        let images = script.call("encode_image", &[&io.tensor("images").unwrap()], false).unwrap();
        assert!(off(&unit(images), &io.tensor("image_embeds").unwrap()) <= 1e-4, "{model}");
        if model != "open_clip_resnet" {
            let ids = io.tensor("input_ids").unwrap();
            let mask = io.tensor("attention_mask").unwrap_or_else(|_| ids.ones_like());
            let texts = script.call("encode_text", &[&ids, &mask], false).unwrap();
            assert!(off(&unit(texts), &io.tensor("text_embeds").unwrap()) <= 1e-4, "{model}");
        }
        let long = Tensor::ones([1, 1000], (Kind::Int64, Device::Cpu));
        let refused = script.call("encode_text", &[&long, &long], false).unwrap_err().to_string();
        assert_contains(&refused, &["tokens at most"]);
    }
}

#[test]
fn a_run_is_shown_and_exported() {
    let lab = Lab::with_average();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let shown = lab.json(&["model", "show", &uid]);
    assert_eq!((&shown["version"], &shown["loads"]), (&1.into(), &true.into()));
    assert_eq!(shown["parts"]["image"]["plugin"], "resnet");
    assert_eq!(shown["parts"]["text"]["dtype"], serde_json::json!(["float"]));
    let output = lab.run(&["model", "show", &uid]).success();
    assert_contains(
        &output,
        &["image_projection", "parameters", "shortest to 16 pixels", "[model.image]\nfrom = "],
    );

    let export = |format: &str, more: &[&str]| {
        lab.run(
            &[&["model", "export", uid.as_str(), "--format", format, "--out", "out", "--force"], more]
                .concat(),
        )
    };
    let error = export("hf", &[]).failure();
    assert_contains(
        &error,
        &["the image tower is `resnet`", "the text tower pools by `cls`", "projection is `residual`"],
    );
    for (weights, file) in [("raw", "best"), ("ema", "best_ema"), ("last", "last")] {
        export("torchscript", &["--weights", weights]).success();
        let card = fs::read_to_string(lab.path("out/README.md")).unwrap();
        assert_contains(
            &card,
            &[
                &format!("`{file}.safetensors`"),
                &uid,
                "| train |",
                "val/",
                "| libtorch | 2.13.0 |",
                "```toml",
            ],
        );
        assert_eq!(weights == "ema", card.contains("val/ema/"), "numbers are those of the weights");
        let module = Script::load(&lab.path("out/model.pt"), Device::Cpu).unwrap();
        let stored = lab.folder().join(format!("{file}.safetensors"));
        let stored = read(&stored, "model/image_projection.projection.weight");
        let parameters = module.parameters().unwrap();
        let exported =
            &parameters.iter().find(|(name, _)| name == "image_projection.projection.weight").unwrap().1;
        assert!(off(exported, &stored) == 0.0, "{weights}");
    }
}

#[test]
fn seeds_of_an_arm_give_intervals() {
    let lab = Lab::new();
    lab.write("tiny.toml", TINY.replace("steps = 12", "steps = 4"));
    let study = "question = \"how sure?\"\nbase = \"tiny.toml\"\nmetric = \"val/retrieval/t2i/hit@1\"\nseeds = [0, 1, 2]\n\
                 [[arm]]\nname = \"plain\"\n";
    lab.write("seeds.toml", study);
    lab.run(&["run", "seeds.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    lab.run(&["model", "export", &uid, "--format", "torchscript", "--out", "out"]).success();
    let card = fs::read_to_string(lab.path("out/README.md")).unwrap();
    assert_contains(&card, &["mean of 3 seeds", "95% interval over seeds", "| arm | plain |"]);
}

#[test]
fn invalid_arguments_of_model_are_reported() {
    let lab = Lab::new();
    assert_contains(
        &lab.run(&["model", "show", "nobody"]).failure(),
        &["`nobody` is not a folder, file or run"],
    );
    assert_contains(&lab.run(&["model", "show", "tiny.toml"]).failure(), &["tiny.toml is a spec"]);
    assert_contains(&lab.run(&["model", "show", "data"]).failure(), &["data holds no checkpoint"]);
    let export =
        |model: &str| lab.run(&["model", "export", model, "--format", "hf", "--out", "out"]).failure();
    assert_contains(&export("tiny.toml"), &["tiny.toml is a spec", "run it"]);
    assert_contains(&export("nobody"), &["`nobody` is neither a folder nor a file"]);
    assert!(!lab.path("out").exists());
}

/// A ViT with class-token pooling and a BERT with its pooler.
const DUAL: &str = r#"
[model.image]
plugin = "vit"
image_size = 32
patch_size = 8
width = 16
depth = 1
heads = 2
[model.text]
plugin = "bert"
vocab = 49408
width = 24
depth = 1
heads = 2
mlp_dim = 32
context = 77
pool = "pooler"
[model.image_projection]
plugin = "linear"
dim = 12
[model.text_projection]
plugin = "linear"
dim = 12
"#;

/// Both towers of CLIP; the image tower has no projection.
const CLIP: &str = r#"
[model.image]
plugin = "vit"
image_size = 32
patch_size = 8
width = 16
depth = 1
heads = 2
pre_norm = true
patch_bias = false
norm_eps = 1e-5
activation = "quick_gelu"
[model.text]
plugin = "clip_transformer"
width = 24
depth = 1
heads = 2
[model.text_projection]
plugin = "linear"
dim = 16
"#;

/// Trains and exports a model, and compares the embeddings of the export with those of the run.
fn train_and_round_trip(towers: &str, loss: &str, formats: &[&str]) -> Lab {
    let root = goldens("models");
    let (start, end) = (TINY.find("[model.image]\n").unwrap(), TINY.find("[loss]\n").unwrap());
    let spec = format!("{}{towers}{}", &TINY[..start], &TINY[end..]);
    let lab = Lab::new();
    lab.write("tiny.toml", spec.replace("plugin = \"clip\"\n", loss).replace("steps = 12", "steps = 4"));
    lab.run(&["run", "tiny.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let before = embed(&lab, &uid, &root);
    for format in formats {
        lab.run(&["model", "export", &uid, "--format", format, "--out", format]).success();
        assert_eq!(lab.json(&["model", "show", format])["loads"], true);
        let after = embed(&lab, format, &root);
        for (a, b) in before.iter().zip(&after) {
            assert!(off(a, b) <= BACK, "as {format}: {}", off(a, b));
        }
    }
    let _ = embed(&lab, &uid, &root); // for Python
    lab
}

#[test]
fn trained_towers_round_trip() {
    let lab = train_and_round_trip(DUAL, "plugin = \"clip\"\n", &["hf"]);
    loaded_by_python(&lab, &["hf"]);
    let config: Value = serde_json::from_slice(&fs::read(lab.path("hf/config.json")).unwrap()).unwrap();
    assert_eq!(config["model_type"], "vision-text-dual-encoder");
    assert_eq!(config["vision_config"]["pooler_act"], "linear", "the class token passes the pooler as it is");
    let formats = ["hf", "open_clip"];
    let lab = train_and_round_trip(CLIP, "plugin = \"siglip\"\n", &formats);
    loaded_by_python(&lab, &formats);
    let scale = read(&lab.folder().join("last.safetensors"), "model/loss.logit_scale");
    let written = read(&lab.path("open_clip/open_clip_model.safetensors"), "logit_scale");
    assert!(off(&scale, &written) == 0.0, "the learned scale, not the one that training began with");
}

/// Compares the exports of a lab, loaded in Python, with `x.safetensors`, the embeddings of the run.
fn loaded_by_python(lab: &Lab, formats: &[&str]) {
    let Some(python) = python() else { return };
    let root = goldens("models");
    formats.iter().for_each(|format| compare(&python, &root, lab, format, format));
}

/// Loads `folder` in Python and compares.
fn compare(python: &Path, root: &Path, lab: &Lab, format: &str, folder: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/model.py");
    let mut command = Command::new(python);
    command.arg(script).arg(format).arg(lab.path(folder)).arg(root.join("../images"));
    let done = command.arg(root.join("../texts.txt")).arg(lab.path("x.safetensors")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{format}: {out}{err}");
    eprintln!("{format}: {}", out.trim());
}

/// The Python of `cargo xtask python`, with torch, transformers and open_clip.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("CLIP_LAB_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| cache_dir().join("python/bin/python"));
    if python.exists() {
        return Some(python);
    }
    eprintln!("SKIPPED: no Python with transformers and open_clip; `cargo xtask python` sets one up");
    None
}

#[test]
fn other_tools_load_the_exports() {
    let Some(python) = python() else { return };
    let root = goldens("models");
    let cases = [
        ("hf_clip", "hf"),
        ("hf_dual_vit_bert", "hf"),
        ("open_clip_vit", "hf"),
        ("open_clip_vit", "open_clip"),
        ("open_clip_resnet", "open_clip"),
        ("hf_clip", "open_clip"),
        ("hf_clip", "torchscript"),
        ("hf_dual_vit_bert", "torchscript"),
        ("open_clip_resnet", "torchscript"),
    ];
    for (model, format) in cases {
        let (lab, source) = (Lab::empty(), root.join(model));
        let source = source.to_str().unwrap();
        lab.run(&["model", "export", source, "--format", format, "--out", "out"]).success();
        let _ = embed(&lab, source, &root);
        eprint!("{model} as ");
        compare(&python, &root, &lab, format, "out");
    }
}
