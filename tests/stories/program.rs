//! Runs programs: start, wait, signal, and capture the output.

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

/// Timeout of every wait, for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A running program, killed on drop.
pub struct Running {
    pub child: Child,
    logs: TempDir,
}

impl Running {
    pub fn spawn(mut command: Command) -> Self {
        restore_signals();
        let logs = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(logs.path().join(name)).unwrap();
        let child = command.stdout(file("out")).stderr(file("err")).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), logs }
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.logs.path().join(name)).unwrap()).into_owned()
    }

    /// Waits until stdout contains `text`.
    pub fn until_out(&mut self, text: &str) {
        self.until("out", text);
    }

    /// Waits until stderr contains `text`.
    pub fn until_err(&mut self, text: &str) {
        self.until("err", text);
    }

    fn until(&mut self, stream: &str, text: &str) {
        until(text, || {
            let ended = self.child.try_wait().unwrap();
            let found = self.read(stream).contains(text);
            assert!(
                found || ended.is_none(),
                "the program ended without printing `{text}`: {}{}",
                self.read("out"),
                self.read("err")
            );
            found
        });
    }

    /// Sends a signal: `TERM`, `INT` or `KILL`.
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

/// Restores the default signal handling in child processes, even if the signals were ignored when the suite was started,
/// as in a background job of a script: a signal with a handler is reset to the default in children. The suite itself
/// still ends by them.
fn restore_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}

/// A finished program and its output.
#[derive(Debug)]
pub struct Done {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Done {
    /// Stdout; asserts success.
    pub fn success(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.out
    }

    /// Stdout; asserts that the run was stopped.
    pub fn stopped(self) -> String {
        assert_eq!(self.status.code(), Some(130), "{self:?}");
        self.out
    }

    /// Stderr; asserts the exit code of a failure or of problems in a spec, and no panic.
    pub fn failure(self) -> String {
        assert!(matches!(self.status.code(), Some(1 | 3)) && !self.err.contains("panicked"), "{self:?}");
        self.err
    }
}

/// Waits until `done` returns true; panics after the timeout.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < TIMEOUT, "timed out waiting: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// Asserts that `text` contains every phrase.
#[track_caller]
pub fn assert_contains(text: &str, phrases: &[&str]) {
    for phrase in phrases {
        assert!(text.contains(phrase), "`{phrase}` is missing in:\n{text}");
    }
}

/// Bytes of a file.
pub fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
