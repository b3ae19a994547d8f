//! Shared test helpers.
#![allow(dead_code, missing_docs)]

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use clip_lab::{
    builtin,
    plan::{Plan, plan},
    spec::Spec,
    train::{self, Options, RunEnd, Silent, Stop},
};
use clip_lab_store::{Reader, RunRow};
pub use clip_lab_testing::golden as goldens;
use serde_json::Value;

/// libtorch's random generator is global, so runs and other tests that draw are serialised.
pub fn serial_guard() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plans a spec, or panics with its problems.
pub fn planned(text: &str) -> Plan {
    let spec = Spec::parse("test.toml", text, &[]).unwrap_or_else(|report| panic!("{report}"));
    plan(spec, &builtin::catalog()).unwrap_or_else(|report| panic!("{report}"))
}

/// The tables of a spec that take towers and projections from `folder`.
pub fn towers_from(folder: &Path) -> String {
    let parts = ["image", "text", "image_projection", "text_projection"];
    let table = |part| format!("[model.{part}]\nfrom = \"{}\"\n", folder.display());
    parts.map(table).concat()
}

/// A spec of small towers on emoji: `run` has more settings of `[run]`, and `more` other tables.
pub fn small(run: &str, more: &str) -> String {
    format!(
        r#"
name = "small"
[run]
seed = 3
batch = 256
{run}
[data.train]
plugin = "emoji"
{towers}[loss]
plugin = "clip"
[optimizer]
plugin = "adamw"
lr = 1e-3
{more}"#,
        towers = include_str!("towers.toml")
    )
}

/// A recipe trained with PyTorch: the equivalent spec, with `more` tables, and PyTorch's results.
pub fn recipe(name: &str, more: &str) -> (String, Value) {
    let golden = goldens("training");
    let expected = std::fs::read_to_string(golden.join("expected.json")).unwrap();
    let recipe = serde_json::from_str::<Value>(&expected).unwrap()[name].take();
    let (root, init) = (golden.display(), golden.join("init"));
    let (towers, init) = (towers_from(&init), init.display());
    let spec = format!(
        r#"
name = "{name}"
[run]
steps = {steps}
batch = {batch}
shuffle = false
checkpoint_every = 0
[data.train]
plugin = "captions"
root = "{root}"
file = "captions.csv"
split = "all"
{towers}[loss]
from = "{init}"
[optimizer]
plugin = "adamw"
lr = {lr}
betas = {betas}
eps = {eps:e}
weight_decay = {decay}
[schedule]
plugin = "cosine"
warmup = {warmup}
[[trick]]
plugin = "clip_grad"
max_norm = {clip}
{more}"#,
        steps = recipe["steps"],
        batch = recipe["batch"],
        lr = recipe["lr"],
        betas = recipe["betas"],
        eps = recipe["eps"].as_f64().unwrap(),
        decay = recipe["weight_decay"],
        warmup = recipe["warmup"],
        clip = recipe["grad_clip"].as_f64().unwrap_or(1.0),
    );
    (spec, recipe)
}

/// Checks loss and gradient norm against PyTorch's at every step; `values` returns those of a metric.
#[track_caller]
pub fn assert_matches_pytorch(expected: &Value, values: impl Fn(&str) -> Vec<f64>) {
    for (metric, key, tolerance) in [("train/loss", "loss", 1e-4), ("train/grad_norm", "grad_norm", 1e-3)] {
        let (got, want) = (values(metric), expected[key].as_array().unwrap());
        assert_eq!(got.len(), want.len());
        for (step, (got, want)) in got.iter().zip(want).enumerate() {
            let want = want.as_f64().unwrap();
            let bound = tolerance * want.abs().max(1.0);
            assert!((got - want).abs() <= bound, "{metric} at step {step}: {got}, PyTorch has {want}");
        }
    }
}

/// A store in a temporary folder.
pub struct Lab {
    pub folder: tempfile::TempDir,
}

impl Lab {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("lab.db")
    }

    /// Trains a spec without output.
    pub fn train(&self, text: &str, resume: Option<&str>, stop: Stop) -> anyhow::Result<RunEnd> {
        let options =
            Options { store: self.store(), resume: resume.map(str::to_owned), ..Options::default() };
        train::run(&planned(text), &options, &mut Silent, stop)
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.store()).unwrap()
    }

    /// The newest run.
    pub fn newest(&self) -> RunRow {
        self.reader().runs().unwrap().into_iter().next().expect("a run")
    }

    /// Checks loss and gradient norm of the newest run against PyTorch's at every step.
    pub fn assert_matches_pytorch(&self, expected: &Value) {
        assert_matches_pytorch(expected, |metric| {
            self.points(metric).into_iter().map(|(_, value)| value).collect()
        });
    }

    /// The points (step, value) of a metric of the newest run.
    pub fn points(&self, metric: &str) -> Vec<(u64, f64)> {
        let points = self.reader().points(self.newest().id, metric).unwrap();
        points.into_iter().map(|point| (point.step, point.value)).collect()
    }
}
