//! Signals: the first asks the run to save and end, the second ends it at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};

/// Counts the requests to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    asked: Arc<AtomicUsize>,
    /// Whether there is anything to save: while data and weights are fetched there is not.
    begun: Arc<AtomicBool>,
    left: Option<Arc<AtomicUsize>>,
}

impl Stop {
    /// Listens to SIGINT, SIGTERM and SIGHUP from now on, except those that are ignored, as SIGHUP is under `nohup`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> Result<Self> {
        let stop = Self::default();
        let heeded = clip_lab_cli::heeded(&[SIGINT, SIGTERM, SIGHUP]);
        let mut signals = Signals::new(heeded).context("listening to signals")?;
        let (count, begun) = (stop.asked.clone(), stop.begun.clone());
        thread::spawn(move || {
            for signal in signals.forever() {
                if !begun.load(Ordering::SeqCst) {
                    clip_lab_cli::say!("stopped before the run began; what was fetched is kept");
                    low_level::exit(128 + signal);
                }
                if count.fetch_add(1, Ordering::SeqCst) > 0 {
                    clip_lab_cli::say!("stopped at once; the last checkpoint is the place to resume from");
                    // Without destructors: they would tear libtorch down under the thread that computes.
                    low_level::exit(128 + signal);
                }
                clip_lab_cli::say!("stopping: saving a checkpoint first (again to stop at once)");
            }
        });
        Ok(stop)
    }

    /// From now on a run asked to stop saves first.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        if self.left.as_ref().is_some_and(|left| left.fetch_sub(1, Ordering::SeqCst) == 1) {
            self.ask();
        }
        self.peek()
    }

    /// A stop that asks by itself once the run has looked `updates` times, which it does after every update.
    pub fn after(updates: usize) -> Self {
        Self { left: Some(Arc::new(AtomicUsize::new(updates))), ..Self::default() }
    }

    /// Whether somebody asked, for work between two updates: not counted by [`Stop::after`].
    pub fn peek(&self) -> bool {
        self.asked.load(Ordering::SeqCst) > 0
    }

    /// Asks.
    pub fn ask(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }
}
