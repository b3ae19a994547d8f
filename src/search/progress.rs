//! Progress on standard error.

use clip_lab_cli::{note, rewrite_line};
use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use crate::console::duration;

/// Interval between lines in a log, and between updates of a line in a terminal.
const LOG_INTERVAL: Duration = Duration::from_secs(5);
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);

/// Prints the progress, the rate and the remaining time.
pub struct Progress {
    verb: &'static str,
    what: &'static str,
    total: usize,
    started: Instant,
    last_update: Instant,
    terminal: bool,
}

impl Progress {
    /// Progress over `total` items: `verb` and `what` form the message, such as "embedded" and "images".
    pub fn new(verb: &'static str, what: &'static str, total: usize) -> Self {
        let now = Instant::now();
        Self { verb, what, total, started: now, last_update: now, terminal: std::io::stderr().is_terminal() }
    }

    /// Updates the number of finished items.
    pub fn done(&mut self, done: usize) {
        let interval = if self.terminal { TERMINAL_INTERVAL } else { LOG_INTERVAL };
        if self.last_update.elapsed() < interval {
            return;
        }
        self.last_update = Instant::now();
        let seconds = self.started.elapsed().as_secs_f64().max(1e-9);
        let remaining = seconds / done.max(1) as f64 * self.total.saturating_sub(done) as f64;
        let rate = done as f64 / seconds;
        let line = format!(
            "{} {done} of {} {}, {rate:.0} per second, {} left",
            self.verb,
            self.total,
            self.what,
            duration(remaining)
        );
        if self.terminal {
            rewrite_line(&line);
        } else {
            note!("{line}");
        }
    }

    /// Prints the totals.
    pub fn finish(self, done: usize) {
        if self.terminal {
            rewrite_line("");
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = done as f64 / seconds.max(1e-9);
        note!("{} {done} {} in {} ({rate:.0} per second)", self.verb, self.what, duration(seconds));
    }
}
