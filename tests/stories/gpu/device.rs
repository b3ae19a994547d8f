//! The device, and programs that use it.

use std::{env, fs, iter, path::PathBuf, process::Command, sync::OnceLock};

use clip_lab_store::Reader;
use clip_lab_testing::test_gpu;
use serde_json::Value;

use crate::{
    lab::Lab,
    program::{Done, Running},
};

/// The environment variable that names a real device.
const REAL: &str = "CLIP_LAB_TEST_DEVICE";
/// The file to which the test device writes its counts.
const COUNTS: &str = "counts.json";

pub fn is_real() -> bool {
    env::var_os(REAL).is_some()
}

/// `--set` of the device.
pub fn on_device() -> String {
    format!("run.device={}", env::var(REAL).unwrap_or_else(|_| "cuda:0".to_owned()))
}

/// Starts clip-lab with the device.
pub fn start(lab: &Lab, args: &[&str]) -> Running {
    let mut command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), args);
    command.env("CLIP_LAB_TEST_GPU_COUNTS", lab.path(COUNTS));
    add_to(&mut command);
    Running::spawn(command)
}

/// Gives a program the test device, unless there is a real one.
pub fn add_to(command: &mut Command) {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if is_real() {
        return;
    }
    let folder = FOLDER.get_or_init(|| test_gpu(env!("CARGO_TARGET_TMPDIR").as_ref(), &libtorch()));
    let before = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let folders = iter::once(folder.clone()).chain(env::split_paths(&before));
    command.env("LD_LIBRARY_PATH", env::join_paths(folders).unwrap());
}

/// Runs clip-lab with the device, and waits.
pub fn run(lab: &Lab, args: &[&str]) -> Done {
    start(lab, args).wait()
}

/// Trains `spec` on the device with these settings.
pub fn train(lab: &Lab, spec: &str, sets: &[&str]) -> Done {
    let device = on_device();
    run(lab, &with_sets(&["run", spec], &[&[device.as_str()], sets].concat()))
}

/// The arguments with `--set` for each of `sets`.
pub fn with_sets<'a>(args: &[&'a str], sets: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(sets.iter().flat_map(|set| ["--set", *set])).collect()
}

/// What the last program did with the test device, see `crates/testing/test_gpu/counts.h`.
pub fn counts(lab: &Lab) -> Value {
    let text = fs::read_to_string(lab.path(COUNTS)).expect("the program opened the test device");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The values of a metric of the newest run.
pub fn points(lab: &Lab, metric: &str) -> Vec<f64> {
    let reader = Reader::open(&lab.store()).unwrap();
    let run = reader.runs().unwrap().into_iter().next().expect("a run");
    reader.points(run.id, metric).unwrap().into_iter().map(|point| point.value).collect()
}

/// The folder of the libtorch that clip-lab uses.
fn libtorch() -> PathBuf {
    let output = Command::new(env!("CARGO_BIN_EXE_clip-lab-core")).arg("probe").output().unwrap();
    let probe: Value = serde_json::from_slice(&output.stdout).unwrap();
    probe["folder"].as_str().expect("clip-lab-core has loaded libtorch").into()
}
