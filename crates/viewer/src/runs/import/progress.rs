//! Progress on standard error, for an import that takes more than a second.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use clip_lab_cli::{note, rewrite_line};

/// How long an import is silent.
const SILENT: Duration = Duration::from_secs(1);
/// Interval between updates of a line in a terminal, and between lines in a log.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);
const LOG_INTERVAL: Duration = Duration::from_secs(5);

/// Prints what is done now.
pub struct Progress {
    next: Instant,
    terminal: bool,
    shown: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { next: Instant::now() + SILENT, terminal: std::io::stderr().is_terminal(), shown: false }
    }
}

impl Progress {
    /// Prints a line, unless one was printed just before.
    pub fn report(&mut self, line: impl FnOnce() -> String) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + if self.terminal { TERMINAL_INTERVAL } else { LOG_INTERVAL };
        self.shown = true;
        if self.terminal {
            rewrite_line(&line());
        } else {
            note!("{}", line());
        }
    }

    /// Clears the line.
    pub fn clear(&self) {
        if self.shown && self.terminal {
            rewrite_line("");
        }
    }
}
