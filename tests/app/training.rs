//! Training: parity with PyTorch, bit-exact resume, cached features, and failing runs.

use crate::support::{self, Lab, goldens, recipe, serial_guard, small};
use clip_lab::train::{RunEnd, Stop};
use clip_lab_store::Status;

/// Towers small enough for a test, with everything that makes a bit-exact resume hard: dropout in heads and text tower,
/// batch statistics, random crops, sampled captions.
fn spec() -> String {
    let more = r#"
[data.val]
split = "val"
[schedule]
plugin = "cosine"
warmup = 2
[[trick]]
plugin = "clip_grad"
max_norm = 1.0
[[eval]]
plugin = "retrieval"
"#;
    small("steps = 14\neval_every = 1", more)
}

#[test]
fn twenty_four_steps_match_pytorch() {
    let (spec, expected) = recipe("plain", "");
    let _guard = serial_guard();
    let lab = Lab::new();
    assert_eq!(lab.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
    lab.assert_matches_pytorch(&expected);
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one() {
    let _guard = serial_guard();
    let whole = Lab::new();
    assert_eq!(whole.train(&spec(), None, Stop::default()).unwrap(), RunEnd::Finished);
    let (losses, hits) = (whole.points("train/loss"), whole.points("val/retrieval/t2i/hit@1"));
    assert_eq!(losses.len(), 14);
    // Within an epoch (5 batches each), at its end, and twice.
    for stops in [vec![1], vec![5], vec![8], vec![3, 4]] {
        let lab = Lab::new();
        let mut resume = None;
        for updates in &stops {
            let ended = lab.train(&spec(), resume.as_deref(), Stop::after(*updates)).unwrap();
            assert!(matches!(ended, RunEnd::Stopped { .. }), "{ended:?}");
            assert_eq!(lab.newest().status, Status::Interrupted);
            resume = Some(lab.newest().uid);
        }
        assert_eq!(lab.train(&spec(), resume.as_deref(), Stop::default()).unwrap(), RunEnd::Finished);
        assert_eq!(lab.points("train/loss"), losses, "stopped after {stops:?}");
        assert_eq!(lab.points("val/retrieval/t2i/hit@1"), hits, "stopped after {stops:?}");
        assert_eq!(lab.newest().attempt as usize, stops.len() + 1);
    }
}

#[test]
fn the_same_seed_gives_the_same_losses_and_another_seed_others() {
    let _guard = serial_guard();
    let losses = |seed: u64, workers: u64| {
        let spec =
            spec().replace("seed = 3", &format!("seed = {seed}\nworkers = {workers}")).replace("= 14", "= 4");
        let lab = Lab::new();
        lab.train(&spec, None, Stop::default()).unwrap();
        lab.points("train/loss")
    };
    assert_eq!(losses(3, 1), losses(3, 5));
    assert_ne!(losses(3, 1), losses(4, 1));
}

#[test]
fn cached_features_change_no_loss() {
    let _guard = serial_guard();
    let losses = |cache: bool| {
        let spec = spec()
            .replace("[[augment]]\nplugin = \"random_resized_crop\"\nscale = [0.5, 1.0]\n", "")
            .replace("seed = 3", &format!("seed = 3\ncache_features = {cache}"))
            .replace("[[eval]]", "[[trick]]\nplugin = \"freeze\"\nparams = [\"image\"]\n[[eval]]");
        let lab = Lab::new();
        let Err(report) = std::panic::catch_unwind(|| support::planned(&spec)) else {
            panic!("a locked tower with random weights was let through")
        };
        drop(report);
        // The towers of a golden model serve as pretrained ones.
        let folder = goldens("towers/hf_resnet_basic");
        let start = spec.find("[model.image]\n").unwrap();
        let end = spec.find("[model.text]").unwrap();
        let spec =
            format!("{}[model.image]\nfrom = \"{}\"\n{}", &spec[..start], folder.display(), &spec[end..]);
        assert_eq!(lab.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
        lab.points("train/loss")
    };
    let (without, with) = (losses(false), losses(true));
    assert_eq!(without.len(), with.len());
    for ((step, a), (_, b)) in without.iter().zip(&with) {
        assert!((a - b).abs() < 1e-5, "step {step}: {a} without the cache, {b} with it");
    }
    assert_eq!(with, losses(true), "read back from the cache");
}

#[test]
fn a_non_finite_loss_stops_the_run_with_a_hint() {
    let _guard = serial_guard();
    let spec = spec().replace("lr = 1e-3", "lr = 1e30").replace("warmup = 2", "warmup = 0");
    let lab = Lab::new();
    let ended = lab.train(&spec, None, Stop::default()).unwrap();
    let RunEnd::NonFinite { message, .. } = ended else { panic!("{ended:?}") };
    assert!(message.contains("optimizer.lr"), "{message}");
    let run = lab.newest();
    assert_eq!(run.status, Status::NonFinite);
    assert!(lab.points("train/loss").last().is_some_and(|(_, loss)| !loss.is_finite()));
}

#[test]
fn another_spec_is_not_resumed() {
    let _guard = serial_guard();
    let lab = Lab::new();
    lab.train(&spec(), None, Stop::after(1)).unwrap();
    let uid = lab.newest().uid;
    let error =
        lab.train(&spec().replace("lr = 1e-3", "lr = 2e-3"), Some(&uid), Stop::default()).unwrap_err();
    assert!(error.to_string().contains("spec.toml --resume"), "{error:#}");
    let error = lab.train(&spec(), Some("nobody"), Stop::default()).unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error:#}");
}
