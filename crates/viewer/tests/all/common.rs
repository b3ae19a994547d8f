//! Synthetic runs of a synthetic study.

use std::{cell::Cell, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_store::{
    ConfigEntry, Goal, Hit, Level, NewRun, Probe, RankSet, Reader, Recorder, Shown, Status, Store, Tick,
};
use tempfile::TempDir;

/// The metric to compare by, on the test split.
pub const METRIC: &str = "test/retrieval/t2i/hit@1";

/// A store with runs of the study `towers`.
pub struct Lab {
    folder: TempDir,
    runs: Cell<u32>,
}

/// A run to record.
pub struct TestRun {
    pub arm: &'static str,
    pub seed: usize,
    /// Correctly answered queries: always the first ones.
    pub hits: usize,
    pub queries: usize,
    /// The number of images of the queries.
    pub images: usize,
    pub code: &'static str,
    pub data: &'static str,
    pub flops: Option<f64>,
    pub end: Status,
}

impl TestRun {
    /// A finished run.
    pub fn of(arm: &'static str, seed: usize) -> TestRun {
        let (code, data, end) = ("old", "emoji", Status::Finished);
        TestRun { arm, seed, hits: 100, queries: 1000, images: 1000, code, data, flops: None, end }
    }

    /// The first `hits` queries have rank 0, as many have rank 3, and the others 40.
    fn ranks(&self) -> Vec<u32> {
        let rank = |query: usize| {
            if query < self.hits {
                0
            } else if query < 2 * self.hits {
                3
            } else {
                40
            }
        };
        (0..self.queries).map(rank).collect()
    }
}

impl Lab {
    pub fn new() -> Lab {
        Lab { folder: tempfile::tempdir().unwrap(), runs: Cell::new(0) }
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("lab.db")
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Records a run as training does.
    pub fn add(&self, test_run: TestRun) {
        self.runs.set(self.runs.get() + 1);
        let uid = format!("01KSTX{:020}", self.runs.get());
        let mut run = NewRun {
            uid,
            name: test_run.arm.into(),
            study: Some("towers".into()),
            arm: Some(test_run.arm.into()),
            seed: test_run.seed as u64,
            goal_metric: Some("val/retrieval/t2i/hit@1".into()),
            spec_text: format!(
                "# {}\n[run]\nseed = {}\n[data.train]\ntoken = \"hunter2\"\n",
                test_run.arm, test_run.seed
            ),
            config: config(&test_run),
            ..NewRun::default()
        };
        run.environment.extra.insert("code".into(), test_run.code.into());
        run.environment.extra.insert("data.test".into(), test_run.data.into());
        run.environment.git_commit = Some("0123456789abcdef0123456789abcdef01234567".into());
        run.environment.git_dirty = Some(test_run.seed == 2);
        let recorder = Recorder::start(&self.store(), run).unwrap();
        if let Some(flops) = test_run.flops {
            recorder.set_environment("train_flops_per_sample", flops.into());
        }
        if test_run.end == Status::Finished {
            measure(&recorder, &test_run);
        }
        assert_eq!(recorder.finish(test_run.end, None), None);
    }

    /// The uids of an arm's runs with that seed, oldest first.
    pub fn uids(&self, arm: &str, seed: u64) -> Vec<String> {
        let runs = Reader::open(&self.store()).unwrap().runs().unwrap();
        let of = runs.into_iter().rev().filter(|run| run.name == arm && run.seed == seed);
        of.map(|run| run.uid).collect()
    }

    pub fn tag(&self, arm: &str, seed: u64, tag: &str) {
        let store = Store::open(&self.store()).unwrap();
        let run = store.reader().unwrap().run(&self.uids(arm, seed)[0]).unwrap();
        store.tag(run.id, tag).unwrap();
    }
}

/// An image of one pixel.
pub const JPEG: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////\
    wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";

/// Records two queries: `clip` answers the first correctly, the other arms the second.
fn record_probe(recorder: &Recorder, test_run: &TestRun, step: u64) {
    recorder.image("ab12", STANDARD.decode(JPEG).unwrap());
    let image =
        |name: &str, digest: Option<&str>| Shown { name: name.into(), digest: digest.map(str::to_owned) };
    let hit = |right: bool| Hit { image: image("apple.png", Some("ab12")), score: 0.25, right };
    let miss = Hit { image: image("pear.png", None), score: 0.125, right: false };
    let first = test_run.arm == "clip";
    recorder.probe(Probe {
        step,
        split: "test".into(),
        weights: "raw".into(),
        queries: vec!["an apple".into(), "1 < 2 & 3".into()],
        top: vec![vec![hit(first), miss.clone()], vec![miss, hit(!first)]],
        rank: if first { vec![0, 20] } else { vec![3, 0] },
        ..Probe::default()
    });
}

fn config(test_run: &TestRun) -> Vec<ConfigEntry> {
    let entry = |key: &str, value: String, origin: &str| ConfigEntry {
        key: key.into(),
        value,
        origin: origin.into(),
    };
    vec![
        entry("data.train.token", format!("\"hunter2{}\"", test_run.arm), "spec.toml:5"),
        entry("loss.plugin", format!("{:?}", test_run.arm), "spec.toml:7"),
        entry("loss.smoothing", if test_run.arm == "clip" { "null" } else { "0.1" }.into(), "default"),
        entry("run.batch", "64".into(), "default"),
        entry("run.seed", test_run.seed.to_string(), "spec.toml:3"),
    ]
}

fn measure(recorder: &Recorder, test_run: &TestRun) {
    let at = Tick { step: 100, epoch: 4.0, samples: 6400 };
    let ranks = test_run.ranks();
    let share = |k: u32| ranks.iter().filter(|rank| **rank < k).count() as f64 / ranks.len() as f64;
    recorder.describe_metric(METRIC, "", Goal::Up);
    recorder.describe_metric("val/loss", "", Goal::Down);
    for step in (20..=100).step_by(20) {
        let at = Tick { step, epoch: step as f64 / 25.0, samples: 64 * step };
        recorder.log(at, &[("train/loss", 3.0 - step as f64 / 100.0 - share(1))]);
    }
    recorder.event(Level::Warning, "data", None, "2 images could not be read");
    recorder.log(at, &[(METRIC, share(1)), ("test/retrieval/t2i/hit@5", share(5))]);
    recorder.log(at, &[("val/retrieval/t2i/hit@1", share(1)), ("val/loss", 3.0 - 2.0 * share(1))]);
    record_probe(recorder, test_run, at.step);
    let set = |direction: &str, ranks: Vec<u32>| RankSet {
        step: at.step,
        split: "test".into(),
        suite: "retrieval".into(),
        direction: direction.into(),
        weights: "raw".into(),
        ranks,
    };
    recorder.rank(set("i2t", vec![0; test_run.images]));
    recorder.rank(set("t2i", ranks));
}
