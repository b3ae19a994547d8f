//! How far it is, on standard error.

use clip_lab_cli::{rewrite, say};
use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use crate::console::duration;

/// Time between two lines where nobody can rewrite one, and where a terminal can.
const EVERY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(200));

/// Tells how far it is, how fast, and what remains.
pub struct Progress {
    done: &'static str,
    what: &'static str,
    all: usize,
    since: Instant,
    told: Instant,
    terminal: bool,
}

impl Progress {
    /// Over `all` of `what`, such as pictures, to which `done` happens, such as embedded.
    pub fn new(done: &'static str, what: &'static str, all: usize) -> Self {
        let now = Instant::now();
        Self { done, what, all, since: now, told: now, terminal: std::io::stderr().is_terminal() }
    }

    /// So many are done.
    pub fn done(&mut self, done: usize) {
        let every = if self.terminal { EVERY.1 } else { EVERY.0 };
        if self.told.elapsed() < every {
            return;
        }
        self.told = Instant::now();
        let seconds = self.since.elapsed().as_secs_f64().max(1e-9);
        let left = seconds / done.max(1) as f64 * self.all.saturating_sub(done) as f64;
        let rate = done as f64 / seconds;
        let line = format!(
            "{} {done} of {} {}, {rate:.0} a second, {} left",
            self.done,
            self.all,
            self.what,
            duration(left)
        );
        if self.terminal {
            rewrite(&line);
        } else {
            say!("{line}");
        }
    }

    /// Ends the line and says what it came to.
    pub fn finish(self, done: usize) {
        if self.terminal {
            rewrite("");
        }
        let seconds = self.since.elapsed().as_secs_f64();
        let rate = done as f64 / seconds.max(1e-9);
        say!("{} {done} {} in {} ({rate:.0} a second)", self.done, self.what, duration(seconds));
    }
}
