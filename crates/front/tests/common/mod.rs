//! Made runs of a made study.

use std::{cell::Cell, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_store::{
    ConfigEntry, Goal, Hit, Level, NewRun, Probe, RankSet, Reader, Recorder, Shown, Status, Store, Tick,
};
use tempfile::TempDir;

/// What the runs are judged by, measured on the test split.
pub const METRIC: &str = "test/retrieval/t2i/hit@1";

/// A store with runs of the study `towers`.
pub struct Shelf {
    folder: TempDir,
    runs: Cell<u32>,
}

/// A run to make.
pub struct Made {
    pub arm: &'static str,
    pub seed: usize,
    /// Queries answered rightly; which ones they are changes little from run to run.
    pub hits: usize,
    pub queries: usize,
    /// How many pictures the queries are captions of.
    pub pictures: usize,
    pub code: &'static str,
    pub data: &'static str,
    pub flops: Option<f64>,
    pub end: Status,
}

impl Made {
    /// A run that finished.
    pub fn of(arm: &'static str, seed: usize) -> Made {
        let (code, data, end) = ("old", "emoji", Status::Finished);
        Made { arm, seed, hits: 100, queries: 1000, pictures: 1000, code, data, flops: None, end }
    }

    /// The first `hits` queries at rank 0, the next as many at 3, the others further behind.
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

impl Shelf {
    pub fn new() -> Shelf {
        Shelf { folder: tempfile::tempdir().unwrap(), runs: Cell::new(0) }
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("lab.db")
    }

    /// Writes a file; answers with its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Records a run as training does.
    pub fn add(&self, made: Made) {
        self.runs.set(self.runs.get() + 1);
        let uid = format!("01KSTX{:020}", self.runs.get());
        let mut run = NewRun {
            uid,
            name: made.arm.into(),
            study: Some("towers".into()),
            arm: Some(made.arm.into()),
            seed: made.seed as u64,
            goal_metric: Some("val/retrieval/t2i/hit@1".into()),
            spec_text: format!(
                "# {}\n[run]\nseed = {}\n[data.train]\ntoken = \"hunter2\"\n",
                made.arm, made.seed
            ),
            config: config(&made),
            ..NewRun::default()
        };
        run.environment.extra.insert("code".into(), made.code.into());
        run.environment.extra.insert("data.test".into(), made.data.into());
        run.environment.git_commit = Some("0123456789abcdef0123456789abcdef01234567".into());
        run.environment.git_dirty = Some(made.seed == 2);
        let recorder = Recorder::start(&self.store(), run).unwrap();
        if let Some(flops) = made.flops {
            recorder.fact("train_flops_per_sample", flops.into());
        }
        if made.end == Status::Finished {
            measure(&recorder, &made);
        }
        assert_eq!(recorder.finish(made.end, None), None);
    }

    /// The uids of an arm's runs with that seed, the oldest first.
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

/// A picture of one pixel.
pub const JPEG: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////\
    wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";

/// Two queries, of which `clip` has the first right and all others the second.
fn see(recorder: &Recorder, made: &Made, step: u64) {
    recorder.picture("ab12", STANDARD.decode(JPEG).unwrap());
    let picture =
        |name: &str, digest: Option<&str>| Shown { name: name.into(), digest: digest.map(str::to_owned) };
    let hit = |right: bool| Hit { picture: picture("apple.png", Some("ab12")), score: 0.25, right };
    let miss = Hit { picture: picture("pear.png", None), score: 0.125, right: false };
    let first = made.arm == "clip";
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

fn config(made: &Made) -> Vec<ConfigEntry> {
    let entry = |key: &str, value: String, origin: &str| ConfigEntry {
        key: key.into(),
        value,
        origin: origin.into(),
    };
    vec![
        entry("data.train.token", format!("\"hunter2{}\"", made.arm), "spec.toml:5"),
        entry("loss.plugin", format!("{:?}", made.arm), "spec.toml:7"),
        entry("loss.smoothing", if made.arm == "clip" { "null" } else { "0.1" }.into(), "default"),
        entry("run.batch", "64".into(), "default"),
        entry("run.seed", made.seed.to_string(), "spec.toml:3"),
    ]
}

fn measure(recorder: &Recorder, made: &Made) {
    let at = Tick { step: 100, epoch: 4.0, samples: 6400 };
    let ranks = made.ranks();
    let share = |k: u32| ranks.iter().filter(|rank| **rank < k).count() as f64 / ranks.len() as f64;
    recorder.describe_metric(METRIC, "", Goal::Up);
    recorder.describe_metric("val/loss", "", Goal::Down);
    for step in (20..=100).step_by(20) {
        let at = Tick { step, epoch: step as f64 / 25.0, samples: 64 * step };
        recorder.log(at, &[("train/loss", 3.0 - step as f64 / 100.0 - share(1))]);
    }
    recorder.event(Level::Warning, "data", None, "2 pictures could not be read");
    recorder.log(at, &[(METRIC, share(1)), ("test/retrieval/t2i/hit@5", share(5))]);
    recorder.log(at, &[("val/retrieval/t2i/hit@1", share(1)), ("val/loss", 3.0 - 2.0 * share(1))]);
    see(recorder, made, at.step);
    let set = |direction: &str, ranks: Vec<u32>| RankSet {
        step: at.step,
        split: "test".into(),
        suite: "retrieval".into(),
        direction: direction.into(),
        weights: "raw".into(),
        ranks,
    };
    recorder.rank(set("i2t", vec![0; made.pictures]));
    recorder.rank(set("t2i", ranks));
}
