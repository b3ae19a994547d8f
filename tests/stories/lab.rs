//! A laboratory for each story: a folder with a store, a cache and data of its own, and the program run in it.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

/// The spec that most stories train.
pub const TINY: &str = include_str!("tiny.toml");
/// Pictures of its training split, and of the other.
pub const TRAIN: usize = 48;
const VAL: usize = 8;
/// The longest anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder. It goes with everything in it.
pub struct Lab(TempDir);

impl Lab {
    /// An empty folder.
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// `tiny.toml` and its pictures.
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

    /// A program in this folder, without a terminal and without a network.
    pub fn program(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(name);
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("CLIP_LAB_STORE", self.store()).env("CLIP_LAB_CACHE", self.path("cache"));
        command.env("HF_HOME", self.path("hub")).env("HF_HUB_OFFLINE", "1").env_remove("HF_HUB_CACHE");
        command
    }

    /// clip-lab, waited for.
    pub fn run(&self, words: &[&str]) -> Done {
        self.start(words).wait()
    }

    /// clip-lab, going on by itself.
    pub fn start(&self, words: &[&str]) -> Running {
        Running::spawn(self.program(env!("CARGO_BIN_EXE_clip-lab"), words))
    }

    /// What clip-lab answers in JSON.
    pub fn json(&self, words: &[&str]) -> Value {
        let out = self.run(&[words, &["--json"]].concat()).good();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out}"))
    }

    /// The newest run as `runs list` has it.
    pub fn newest(&self) -> Value {
        self.json(&["runs", "list"])[0].clone()
    }

    /// All of the newest run, as `runs show` has it.
    pub fn shown(&self) -> Value {
        self.json(&["runs", "show", self.newest()["uid"].as_str().unwrap()])
    }

    /// Events of a kind in the newest run.
    pub fn events(&self, kind: &str) -> Vec<String> {
        let shown = self.shown();
        let events = shown["events"].as_array().unwrap().iter().filter(|event| event["kind"] == kind);
        events.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Step and loss of the newest run, as exported, to the last digit.
    pub fn losses(&self) -> Vec<(u64, String)> {
        let uid = self.newest()["uid"].as_str().unwrap().to_owned();
        self.run(&["export", &uid, "--metric", "train/loss", "--out", "losses.csv"]).good();
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

    /// The folders of runs beside the store.
    pub fn folders(&self) -> usize {
        let entries = fs::read_dir(self.path("runs")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().is_dir()).count()
    }

    /// Another program at work on the store: Python's SQLite, as `c`.
    pub fn outsider(&self, program: &str) -> Command {
        let head = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n";
        let store = self.store();
        self.program("python3", &["-c", &(head.to_owned() + program), store.to_str().unwrap()])
    }

    /// Changes the store behind our back.
    pub fn tamper(&self, sql: &str) {
        Running::spawn(self.outsider(&format!("c.execute({sql:?})"))).wait().good();
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

/// A program on its way. It does not outlive this.
pub struct Running {
    pub child: Child,
    said: TempDir,
}

impl Running {
    pub fn spawn(mut command: Command) -> Self {
        let said = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(said.path().join(name)).unwrap();
        let child = command.stdout(file("out")).stderr(file("err")).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), said }
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.said.path().join(name)).unwrap()).into_owned()
    }

    /// Waits until it has printed `words`.
    pub fn until_out(&mut self, words: &str) {
        self.until("out", words);
    }

    /// Waits until it has complained of `words`.
    pub fn until_err(&mut self, words: &str) {
        self.until("err", words);
    }

    fn until(&mut self, stream: &str, words: &str) {
        until(words, || {
            let ended = self.child.try_wait().unwrap();
            let found = self.read(stream).contains(words);
            assert!(
                found || ended.is_none(),
                "`{words}` never came: {}{}",
                self.read("out"),
                self.read("err")
            );
            found
        });
    }

    /// Sends it a signal: `TERM`, `INT`, `KILL`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub fn wait(mut self) -> Done {
        until("the program ends", || self.child.try_wait().unwrap().is_some());
        Done { status: self.child.wait().unwrap(), out: self.read("out"), err: self.read("err") }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that has ended, and what it said.
#[derive(Debug)]
pub struct Done {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Done {
    /// What it printed; it must have gone well.
    pub fn good(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.out
    }

    /// What it complained of; it must have ended with 1 and no panic.
    pub fn bad(self) -> String {
        assert!(self.status.code() == Some(1) && !self.err.contains("panicked"), "{self:?}");
        self.err
    }
}

/// Waits until `done`, and not for ever.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// Holds when every phrase stands in `text`.
#[track_caller]
pub fn says(text: &str, phrases: &[&str]) {
    for phrase in phrases {
        assert!(text.contains(phrase), "`{phrase}` is missing in:\n{text}");
    }
}

/// Bytes of a file.
pub fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
