//! Requests to stop a run.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Counts the requests to stop. Clones share one count.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    requests: Arc<AtomicUsize>,
    /// Whether there is anything to save: while data and weights are fetched there is not.
    begun: Arc<AtomicBool>,
    updates_left: Option<Arc<AtomicUsize>>,
}

impl Stop {
    /// From now on a run that is asked to stop saves a checkpoint first.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    /// Whether there is anything to save.
    pub fn begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Whether somebody asked. Called after every update, which [`Stop::after`] counts.
    pub fn asked(&self) -> bool {
        if self.updates_left.as_ref().is_some_and(|left| left.fetch_sub(1, Ordering::SeqCst) == 1) {
            self.ask();
        }
        self.peek()
    }

    /// Asks by itself after `updates` updates.
    pub fn after(updates: usize) -> Self {
        Self { updates_left: Some(Arc::new(AtomicUsize::new(updates))), ..Self::default() }
    }

    /// Whether somebody asked, between two updates.
    pub fn peek(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > 0
    }

    /// Asks. Returns the number of earlier requests.
    pub fn ask(&self) -> usize {
        self.requests.fetch_add(1, Ordering::SeqCst)
    }
}
