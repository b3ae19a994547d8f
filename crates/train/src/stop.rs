//! Stop requests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Counts stop requests. Clones share one count.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    requests: Arc<AtomicUsize>,
    /// Whether training has started. Before, while data and weights are loaded, there is nothing to save.
    started: Arc<AtomicBool>,
    updates_left: Option<Arc<AtomicUsize>>,
}

impl Stop {
    /// From now on a stopped run saves a checkpoint first.
    pub fn mark_started(&self) {
        self.started.store(true, Ordering::SeqCst);
    }

    /// Whether training has started, so that there is something to save.
    pub fn has_started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }

    /// Whether a stop is requested. Call it after every update: [`Stop::after`] counts the calls.
    pub fn requested_after_update(&self) -> bool {
        if self.updates_left.as_ref().is_some_and(|left| left.fetch_sub(1, Ordering::SeqCst) == 1) {
            self.request();
        }
        self.is_requested()
    }

    /// Requests a stop after `updates` updates.
    pub fn after(updates: usize) -> Self {
        Self { updates_left: Some(Arc::new(AtomicUsize::new(updates))), ..Self::default() }
    }

    /// Whether a stop is requested.
    pub fn is_requested(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > 0
    }

    /// Requests a stop. Returns the number of earlier requests.
    pub fn request(&self) -> usize {
        self.requests.fetch_add(1, Ordering::SeqCst)
    }
}
