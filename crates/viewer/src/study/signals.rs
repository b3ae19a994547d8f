//! Counts requests to stop: the first stops every run after a checkpoint, the second stops them at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result};
use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGUSR1},
    iterator::Signals,
};

/// The requests to stop.
#[derive(Debug, Clone, Default)]
pub struct StopRequests {
    /// Signals of Ctrl-C and SIGTERM.
    explicit: Arc<AtomicUsize>,
    /// Whether SIGUSR1 came: it is the first request, however often it comes, or none if there was one.
    usr1: Arc<AtomicBool>,
}

impl StopRequests {
    /// Installs the signal handlers.
    pub fn listen() -> Result<Self> {
        let requests = Self::default();
        let handled = clip_lab_cli::not_ignored(&[SIGINT, SIGTERM, SIGUSR1]);
        let mut signals = Signals::new(handled).context("listening to signals")?;
        let heard = requests.clone();
        thread::spawn(move || signals.forever().for_each(|signal| heard.add(signal)));
        Ok(requests)
    }

    /// Counts a signal.
    pub(super) fn add(&self, signal: i32) {
        if signal == SIGUSR1 {
            self.usr1.store(true, Ordering::SeqCst);
        } else {
            self.explicit.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The number so far.
    pub fn count(&self) -> usize {
        self.explicit.load(Ordering::SeqCst).max(self.by_scheduler().into())
    }

    /// Whether SIGUSR1 came, which schedulers send before a time limit.
    pub fn by_scheduler(&self) -> bool {
        self.usr1.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigusr1_is_never_a_second_request() {
        let counts = |signals: &[i32]| {
            let requests = StopRequests::default();
            signals.iter().for_each(|signal| requests.add(*signal));
            requests.count()
        };
        assert_eq!(counts(&[]), 0);
        assert_eq!(counts(&[SIGUSR1, SIGUSR1]), 1);
        assert_eq!(counts(&[SIGTERM, SIGUSR1]), 1);
        assert_eq!(counts(&[SIGUSR1, SIGTERM]), 1, "a scheduler signals the script and all of its processes");
        assert_eq!(counts(&[SIGUSR1, SIGINT, SIGTERM]), 2);
    }
}
