//! Ctrl-C and SIGTERM, counted: the first lets every run save and end, the second ends them at once.

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

/// How often somebody asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<AtomicUsize>);

impl Asked {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> Result<Self> {
        let asked = Self::default();
        let mut signals =
            Signals::new(clip_lab_cli::heeded(&[SIGINT, SIGTERM])).context("listening to signals")?;
        let count = asked.0.clone();
        thread::spawn(move || {
            for _ in signals.forever() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Ok(asked)
    }

    /// How often until now.
    pub fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
