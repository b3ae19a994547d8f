//! A run on the device resumes and repeats bit-exactly with `run.deterministic`.

use std::path::Path;

use clip_lab_checkpoint::TensorFile;
use tch::Tensor;

use super::device::{on_device, points, run, start, train, with_sets};
use crate::lab::Lab;

/// Enough steps for an interruption; dropout is drawn on the device, for each micro-batch.
const SETS: [&str; 5] = [
    "run.steps=40",
    "run.eval_every=0",
    "run.checkpoint_every=1",
    "run.deterministic=true",
    "run.micro_batch=3",
];

/// The tensors of the last checkpoint in `folder`.
fn tensors(folder: &Path) -> Vec<(String, Tensor)> {
    let file = TensorFile::open(&folder.join("last.safetensors")).unwrap();
    let tensor = |name: String| (name.clone(), file.tensor(&name).unwrap().copy());
    file.names().into_iter().map(tensor).collect()
}

#[test]
fn a_run_that_is_stopped_and_resumed_equals_one_that_is_not() {
    let (lab, device) = (Lab::new(), on_device());
    train(&lab, "tiny.toml", &SETS).success();
    let (whole, losses) = (tensors(&lab.folder()), points(&lab, "train/loss"));
    assert!(whole.len() > 10 && losses.len() == 40);

    let mut stopped = start(&lab, &with_sets(&["run", "tiny.toml", "--set", &device], &SETS));
    stopped.until_out("step ");
    stopped.signal("TERM");
    stopped.wait().stopped();
    let (uid, spec) = (lab.newest()["uid"].as_str().unwrap().to_owned(), lab.folder().join("spec.toml"));
    run(&lab, &["run", spec.to_str().unwrap(), "--resume", &uid]).success();
    assert_eq!(lab.newest()["attempt"], 2);
    assert!(points(&lab, "train/loss") == losses, "the losses differ");
    let resumed = tensors(&lab.folder());
    assert_eq!(resumed.len(), whole.len());
    for ((name, before), (_, after)) in whole.iter().zip(&resumed) {
        assert!(before == after, "{name} differs");
    }
}
