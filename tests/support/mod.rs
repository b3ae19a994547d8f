//! What several tests share.
#![allow(dead_code, missing_docs)]

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use clip_lab::{
    builtin,
    plan::{Plan, plan},
    spec::Spec,
    train::{self, Console, Ended, Options, Stop},
};
use clip_lab_cli::Ui;
use clip_lab_store::{Reader, RunRow};

/// libtorch's random generator belongs to the process: runs take turns.
pub fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder of what other libraries compute, or none with a word why; under CI it must be there.
pub fn goldens(name: &str) -> Option<PathBuf> {
    shared("CLIP_LAB_GOLDENS", "goldens", name)
}

/// A folder of outside data, under the same rule.
pub fn data(name: &str) -> Option<PathBuf> {
    shared("CLIP_LAB_DATA", "data", name)
}

fn shared(variable: &str, folder: &str, name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = std::env::var_os(variable).map_or(root.join("../shared").join(folder), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    eprintln!("SKIPPED: {} is missing", path.display());
    None
}

/// Plans a spec or shows what is wrong with it.
pub fn planned(text: &str) -> Plan {
    let spec = Spec::parse("test.toml", text, &[]).unwrap_or_else(|report| panic!("{report}"));
    plan(spec, &builtin::catalog()).unwrap_or_else(|report| panic!("{report}"))
}

/// A store in a folder of its own.
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

    /// Trains a spec quietly.
    pub fn train(&self, text: &str, resume: Option<&str>, stop: Stop) -> anyhow::Result<Ended> {
        let options =
            Options { store: self.store(), resume: resume.map(str::to_owned), ..Options::default() };
        train::run(&planned(text), &options, Console::new(Ui::None), stop)
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.store()).unwrap()
    }

    /// The newest run.
    pub fn newest(&self) -> RunRow {
        self.reader().runs().unwrap().into_iter().next().expect("a run")
    }

    /// Step and value of every point of a metric of the newest run.
    pub fn points(&self, metric: &str) -> Vec<(u64, f64)> {
        let points = self.reader().points(self.newest().id, metric).unwrap();
        points.into_iter().map(|point| (point.step, point.value)).collect()
    }
}
