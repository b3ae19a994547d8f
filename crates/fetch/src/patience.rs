//! How long to wait for a server, how slow it may be, and how often to ask again.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Error, Result, anyhow};

/// Bytes a second below which a server is too slow: far below the slowest link that anybody fetches over, even where
/// eight files share it.
const SLOWEST: u64 = 500;
/// Time over which that is measured, so that a link may stand still for a while.
const WINDOW: Duration = Duration::from_secs(60);

/// How long to wait and how often to try again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Tries in a row that bring nothing before a file is given up.
    pub tries: u32,
    /// Time without a byte after which a server is asked anew.
    pub stall: Duration,
    /// Pause before the second try; it doubles with every further one, up to half a minute.
    pub pause: Duration,
    /// Bytes a second, over [`Patience::window`], below which a try brings nothing.
    pub slowest: u64,
    /// Time over which the rate is measured.
    pub window: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 6,
            stall: Duration::from_secs(30),
            pause: Duration::from_millis(500),
            slowest: SLOWEST,
            window: WINDOW,
        }
    }
}

impl Patience {
    /// Whether so many bytes in such a time are enough to call it progress.
    pub(crate) fn is_progress(&self, bytes: u64, time: Duration) -> bool {
        bytes > 0 && bytes as f64 >= self.slowest as f64 * time.as_secs_f64()
    }
}

/// Longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(30);

/// Why a try ended early.
#[derive(Debug)]
pub enum Halt {
    /// No further try can help.
    Final(Error),
    /// Another may: from where this one got to.
    Again(Error),
    /// Another may, from the start: what is there is of another state, or the server sends no parts.
    Anew(Error),
}

/// The rate at which one try brings bytes.
pub(crate) struct Pace {
    patience: Patience,
    since: Instant,
    bytes: u64,
}

impl Pace {
    pub fn new(patience: Patience) -> Self {
        Self { patience, since: Instant::now(), bytes: 0 }
    }

    /// So many bytes more came.
    ///
    /// # Errors
    /// [`Halt::Again`] when a window ended with too few.
    pub fn came(&mut self, bytes: usize) -> Result<(), Halt> {
        self.bytes += bytes as u64;
        let time = self.since.elapsed();
        if time < self.patience.window {
            return Ok(());
        }
        if !self.patience.is_progress(self.bytes, time) {
            let (bytes, seconds, least) = (self.bytes, time.as_secs_f32(), self.patience.slowest);
            return Err(Halt::Again(anyhow!(
                "the server sent {bytes} bytes in {seconds:.0} s, fewer than {least} a second"
            )));
        }
        *self = Self::new(self.patience);
        Ok(())
    }
}

/// Tries that failed in a row.
#[derive(Debug)]
pub(crate) struct Tries {
    patience: Patience,
    failures: u32,
    since: Instant,
}

impl Tries {
    pub fn new(patience: Patience) -> Self {
        Self { patience, failures: 0, since: Instant::now() }
    }

    /// A try ended without success and had brought so many bytes. Waits before the next; the error once there were
    /// enough. A try that brought its share, for the time since the one before ended, is the first failure again.
    ///
    /// # Errors
    /// When patience is at its end.
    pub fn failed(&mut self, brought: u64, error: Error) -> Result<()> {
        let progress = self.patience.is_progress(brought, self.since.elapsed());
        self.failures = if progress { 1 } else { self.failures + 1 };
        self.since = Instant::now();
        let Self { patience, failures, .. } = self;
        if *failures >= patience.tries {
            return Err(error.context(format!("given up after {failures} tries that brought nothing")));
        }
        let doubled = patience.pause.saturating_mul(1 << (failures.saturating_sub(1)).min(16));
        thread::sleep(doubled.min(LONGEST));
        Ok(())
    }
}
