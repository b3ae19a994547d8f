//! The lab of a story: a temporary folder with store, cache and data, in which the programs run.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{ChildStdin, Command, Stdio},
};

use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Done, Running};

/// The spec of most stories.
pub const TINY: &str = include_str!("tiny.toml");
/// Images of its training split; val has the others.
pub const TRAIN: usize = 48;
const VAL: usize = 8;
/// Three classes that any tower can separate.
pub const COLOURS: &[(&str, [u8; 3])] = &[("c0", [200, 0, 0]), ("c1", [0, 200, 0]), ("c2", [0, 0, 200])];

/// The folder, removed on drop.
pub struct Lab(TempDir);

impl Lab {
    /// A lab with a run of the tiny model, with model selection and averaged weights.
    pub fn with_average() -> Self {
        let lab = Self::new();
        let choosing = TINY.replace("eval_every = 2", "eval_every = 1\nselect = \"best\"");
        lab.write("tiny.toml", choosing + "[[trick]]\nplugin = \"ema\"\n");
        lab.run(&["run", "tiny.toml"]).success();
        lab
    }

    /// A lab with an empty folder.
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A lab with `tiny.toml` and its images.
    pub fn new() -> Self {
        let lab = Self::empty();
        lab.write("tiny.toml", TINY);
        fs::create_dir(lab.path("data")).unwrap();
        let mut list = "image,caption,split\n".to_owned();
        for index in 0..TRAIN + VAL {
            let shade = |factor: usize| (index * factor % 256) as u8;
            let draw = |x, y| Rgb([shade(37), shade(91).wrapping_add(9 * x as u8), shade(53) ^ (y as u8)]);
            RgbImage::from_fn(24, 24, draw).save(lab.path(&format!("data/{index:02}.png"))).unwrap();
            let split = if index < TRAIN { "train" } else { "val" };
            list += &format!("{index:02}.png,a square with the number {index},{split}\n");
        }
        lab.write("data/captions.csv", &list);
        lab
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("runs/lab.db")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// The command of a program in this folder, without terminal and network.
    pub fn program(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(name);
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null()).env("TERM", "xterm-256color");
        command.env("CLIP_LAB_STORE", self.store()).env("CLIP_LAB_CACHE", self.path("cache"));
        command.env("HF_HOME", self.path("hub")).env("HF_HUB_OFFLINE", "1").env_remove("HF_HUB_CACHE");
        command
    }

    /// Runs clip-lab and waits.
    pub fn run(&self, args: &[&str]) -> Done {
        self.start(args).wait()
    }

    /// Starts clip-lab in the background.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::spawn(self.program(env!("CARGO_BIN_EXE_clip-lab"), args))
    }

    /// The JSON output of clip-lab.
    pub fn json(&self, args: &[&str]) -> Value {
        let out = self.run(&[args, &["--json"]].concat()).success();
        let answer: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out}"));
        assert_eq!(answer["version"], 1, "{out}");
        answer
    }

    /// All runs, from `runs list`.
    pub fn runs(&self) -> Vec<Value> {
        self.json(&["runs", "list"])["runs"].as_array().unwrap().clone()
    }

    /// The newest run, from `runs list`.
    pub fn newest(&self) -> Value {
        self.runs()[0].clone()
    }

    /// The newest run, from `runs show`.
    pub fn shown(&self) -> Value {
        self.json(&["runs", "show", self.newest()["uid"].as_str().unwrap()])
    }

    /// Events of a kind in the newest run.
    pub fn events(&self, kind: &str) -> Vec<String> {
        let shown = self.shown();
        let events = shown["events"].as_array().unwrap().iter().filter(|event| event["kind"] == kind);
        events.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Step and loss of the newest run, as exported, with all digits.
    pub fn losses(&self) -> Vec<(u64, String)> {
        let uid = self.newest()["uid"].as_str().unwrap().to_owned();
        self.run(&["export", &uid, "--metric", "train/loss", "--out", "losses.csv"]).success();
        let text = fs::read_to_string(self.path("losses.csv")).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
        let (step, value) = (column("step"), column("value"));
        lines.map(|line| (line[step].parse().unwrap(), line[value].to_owned())).collect()
    }

    /// The folder of the newest run.
    pub fn folder(&self) -> PathBuf {
        self.newest()["dir"].as_str().unwrap().into()
    }

    /// The number of run folders beside the store.
    pub fn folders(&self) -> usize {
        let entries = fs::read_dir(self.path("runs")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().is_dir()).count()
    }

    /// A Python program with a SQLite connection `c` to the store.
    pub fn outsider(&self, program: &str) -> Command {
        let head = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n";
        let store = self.store();
        self.program("python3", &["-c", &(head.to_owned() + program), store.to_str().unwrap()])
    }

    /// Modifies the store outside clip-lab.
    pub fn tamper(&self, sql: &str) {
        Running::spawn(self.outsider(&format!("c.execute({sql:?})"))).wait().success();
    }

    /// Locks the store against writing until the lock is dropped.
    pub fn lock(&self) -> Lock {
        let program = "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.readline()";
        let mut command = self.outsider(program);
        command.stdin(Stdio::piped());
        let mut held = Running::spawn(command);
        held.until_out("held");
        Lock { release: held.child.stdin.take(), _holder: held }
    }
}

/// Another program's lock on the store.
pub struct Lock {
    release: Option<ChildStdin>,
    _holder: Running,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.release.take().map(|mut pipe| pipe.write_all(b"\n"));
    }
}

/// Writes class folders of plain squares, `count` of each colour.
pub fn colours(lab: &Lab, root: &str, classes: &[(&str, [u8; 3])], count: usize) {
    for (class, colour) in classes {
        fs::create_dir_all(lab.path(&format!("{root}/{class}"))).unwrap();
        for index in 0..count {
            let shade = colour.map(|part| part.saturating_add(index as u8));
            let file = lab.path(&format!("{root}/{class}/{index}.png"));
            RgbImage::from_pixel(20, 20, Rgb(shade)).save(file).unwrap();
        }
    }
}
