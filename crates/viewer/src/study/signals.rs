//! Counts Ctrl-C and SIGTERM: the first stops every run after a checkpoint, the second stops them at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

/// The number of requests to stop.
#[derive(Debug, Clone, Default)]
pub struct StopRequests(Arc<AtomicUsize>);

impl StopRequests {
    /// Installs the signal handlers.
    pub fn listen() -> Result<Self> {
        let requests = Self::default();
        let mut signals =
            Signals::new(clip_lab_cli::not_ignored(&[SIGINT, SIGTERM])).context("listening to signals")?;
        let count = requests.0.clone();
        thread::spawn(move || {
            for _ in signals.forever() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Ok(requests)
    }

    /// The number so far.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
