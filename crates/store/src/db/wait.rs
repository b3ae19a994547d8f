//! Reports of what opening a store waits for.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Shorter waits are not reported.
pub const QUIET: Duration = Duration::from_secs(1);

/// Something that takes longer than a second while a store is opened. Displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What it is, such as `updating runs/clip-lab.db to schema 5 (50,001 runs)`.
    pub what: String,
    /// How it ended, such as `done in 11 s`; none while it lasts.
    pub outcome: Option<String>,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.outcome.as_deref().unwrap_or("..."))
    }
}

/// Called once a [`Wait`] has lasted a second, and when it has ended.
pub type Observer<'a> = &'a dyn Fn(&Wait);

/// Reports one wait.
pub struct WaitReport<'a> {
    observer: Option<Observer<'a>>,
    started: Instant,
    reported: Option<String>,
}

impl<'a> WaitReport<'a> {
    /// A wait that starts now.
    pub fn new(observer: Option<Observer<'a>>) -> WaitReport<'a> {
        WaitReport { observer, started: Instant::now(), reported: None }
    }

    /// Reports the wait, once, if it has lasted a second.
    pub fn poll(&mut self, what: impl FnOnce() -> String) {
        let Some(observer) = self.observer.filter(|_| self.reported.is_none()) else { return };
        if self.started.elapsed() >= QUIET {
            let what = what();
            observer(&Wait { what: what.clone(), outcome: None });
            self.reported = Some(what);
        }
    }

    /// Reports the end of a wait that was reported.
    pub fn end(self, succeeded: bool) {
        let (Some(observer), Some(what)) = (self.observer, self.reported) else { return };
        let how = if succeeded { "done in" } else { "failed after" };
        let outcome = Some(format!("{how} {:.0} s", self.started.elapsed().as_secs_f64()));
        observer(&Wait { what, outcome });
    }
}
