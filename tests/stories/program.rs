//! A program started, waited for or signalled, and what it said.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Once, atomic::AtomicBool},
    thread::sleep,
    time::{Duration, Instant},
};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tempfile::TempDir;

/// The longest anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program on its way. It does not outlive this.
pub struct Running {
    pub child: Child,
    said: TempDir,
}

impl Running {
    pub fn spawn(mut command: Command) -> Self {
        take_signals();
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

/// Lets what this process starts take signals by default, though they were ignored when the suite was started, as in a
/// job in the background of a script: what a process handles is not ignored in those that it starts. The suite itself
/// still ends by them.
fn take_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
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

    /// What it printed; it must have been stopped on the way.
    pub fn stopped(self) -> String {
        assert_eq!(self.status.code(), Some(130), "{self:?}");
        self.out
    }

    /// What it complained of; it must have ended with the code for a failure or for mistakes, and no panic.
    pub fn bad(self) -> String {
        assert!(matches!(self.status.code(), Some(1 | 3)) && !self.err.contains("panicked"), "{self:?}");
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
