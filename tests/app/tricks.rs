//! Tricks: weight averaging and layer-wise learning rates against PyTorch, timed unlocking, and towers from runs.

use std::{collections::BTreeMap, fs, path::Path};

use crate::support::{Lab, goldens, planned, recipe, serial_guard, small};
use clip_lab::{
    model::WeightsSource,
    train::{Components, Inputs, RunEnd, Stop},
};
use clip_lab_checkpoint::{TensorFile, save};
use tch::{Device, Kind, Tensor};

const LLRD_EMA: &str = r#"
[[trick]]
plugin = "layer_decay"
towers = ["image", "text"]
decay = 0.65
[[trick]]
plugin = "ema"
decay = 0.9
"#;

/// Unlocks the image tower after five steps.
const UNLOCK: &str = "[[trick]]\nplugin = \"freeze\"\nparams = [\"image\"]\nuntil = 5\n";

/// A spec with batch statistics, dropout, random crops and the given tricks.
fn spec(tricks: &str) -> String {
    small("steps = 12", &format!("[schedule]\nplugin = \"cosine\"\nwarmup = 2\n{tricks}"))
}

/// The weights of PyTorch's recipe below `prefix`, with our names.
fn pytorch(prefix: &str, spec: &str) -> BTreeMap<String, Tensor> {
    let golden = goldens("training");
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden.join("init")).unwrap().flatten() {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let end = TensorFile::open(&golden.join("end_weights.safetensors")).unwrap();
    let below =
        end.names().into_iter().filter_map(|name| Some((name.strip_prefix(prefix)?.to_owned(), name)));
    // The averaged weights are below the recipe's name too.
    let below = below.filter(|(short, _)| !short.starts_with("ema."));
    let tensors: Vec<_> = below.map(|(short, name)| (short, end.tensor(&name).unwrap())).collect();
    save(&folder.path().join("model.safetensors"), &tensors, &[]).unwrap();
    let init = golden.join("init").display().to_string();
    let plan = planned(&spec.replace(&init, &folder.path().display().to_string()));
    let components =
        Components::build(&plan, &Inputs::open(&plan).unwrap(), Device::Cpu, WeightsSource::Spec).unwrap();
    components.vars.variables().into_iter().collect()
}

/// The tensors of a checkpoint below `prefix`.
fn saved(file: &Path, prefix: &str) -> BTreeMap<String, Tensor> {
    let file = TensorFile::open(file).unwrap();
    let names = file.names().into_iter();
    let below =
        names.filter_map(|name| Some((name.strip_prefix(prefix)?.to_owned(), file.tensor(&name).unwrap())));
    below.collect()
}

#[test]
fn layer_decay_and_averaged_weights_match_pytorch() {
    let (spec, expected) = recipe("llrd_ema", LLRD_EMA);
    let _guard = serial_guard();
    let lab = Lab::new();
    assert_eq!(lab.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
    lab.assert_matches_pytorch(&expected);
    let last = lab.newest().dir.join("last.safetensors");
    for (theirs, ours) in [("llrd_ema.", "model/"), ("llrd_ema.ema.", "trick.2/")] {
        let (want, got) = (pytorch(theirs, &spec), saved(&last, ours));
        assert_eq!(got.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
        for (name, want) in &want {
            let far = (&got[name] - want).abs().max().to_kind(Kind::Double).double_value(&[]);
            assert!(far <= 1e-4, "{ours}{name} is off by {far:e}");
        }
    }
    // The learning rates of the layers are recorded as well as that of the step.
    let rate = |layer: &str| lab.points(&format!("train/lr{layer}"))[9].1;
    for (layer, share) in [("/image.embeddings", 0.65f64.powi(3)), ("/text.blocks.1", 0.65), ("/loss", 1.0)] {
        assert!((rate(layer) / rate("") - share).abs() < 1e-9, "{layer}");
    }
    assert_eq!(lab.points("train/ema_decay")[0], (1, 0.9));
}

#[test]
fn a_run_with_equal_rates_records_only_one() {
    let _guard = serial_guard();
    let lab = Lab::new();
    lab.train(&spec("").replace("steps = 12", "steps = 2"), None, Stop::default()).unwrap();
    assert!(
        lab.reader().points(lab.newest().id, "train/lr/image.stem").map_or(true, |points| points.is_empty())
    );
}

#[test]
fn a_run_resumed_around_an_unlocking_equals_an_uninterrupted_one() {
    let _guard = serial_guard();
    let spec = spec(&format!("{UNLOCK}[[trick]]\nplugin = \"ema\"\ndecay = 0.9\nwarmup = true\n"));
    let whole = Lab::new();
    assert_eq!(whole.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
    let losses = whole.points("train/loss");
    let end = saved(&whole.newest().dir.join("last.safetensors"), "");
    for stops in [vec![4], vec![5], vec![2, 6]] {
        let (lab, mut resume) = (Lab::new(), None);
        for updates in &stops {
            lab.train(&spec, resume.as_deref(), Stop::after(*updates)).unwrap();
            resume = Some(lab.newest().uid);
        }
        assert_eq!(lab.train(&spec, resume.as_deref(), Stop::default()).unwrap(), RunEnd::Finished);
        assert_eq!(lab.points("train/loss"), losses, "stopped after {stops:?}");
        assert_eq!(saved(&lab.newest().dir.join("last.safetensors"), ""), end, "stopped after {stops:?}");
    }
}

#[test]
fn a_locked_tower_keeps_its_statistics_until_it_is_unlocked() {
    let _guard = serial_guard();
    let spec = spec(UNLOCK);
    let lab = Lab::new();
    let model = |lab: &Lab| {
        let all = saved(&lab.newest().dir.join("last.safetensors"), "model/");
        let tower: Vec<_> = all.into_iter().filter(|(name, _)| name.starts_with("image.")).collect();
        assert!(tower.iter().any(|(name, _)| name.ends_with("running_mean")));
        tower
    };
    lab.train(&spec, None, Stop::after(1)).unwrap();
    let (uid, first) = (lab.newest().uid, model(&lab));
    lab.train(&spec, Some(&uid), Stop::after(4)).unwrap();
    assert_eq!(model(&lab), first, "the tower is unchanged after five updates");
    lab.train(&spec, Some(&uid), Stop::after(1)).unwrap();
    let moved = model(&lab);
    let still: Vec<_> =
        moved.iter().zip(&first).filter(|(now, then)| now.1 == then.1).map(|(now, _)| &now.0).collect();
    assert!(still.is_empty(), "the sixth update changes weights and statistics, but not {still:?}");
}
