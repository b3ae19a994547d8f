//! How long to wait for a server, and how often to ask again.

use std::{thread, time::Duration};

use anyhow::{Error, Result};

/// How long to wait and how often to try again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Tries in a row that bring nothing before a file is given up.
    pub tries: u32,
    /// Time without a byte after which a server is asked anew.
    pub stall: Duration,
    /// Pause before the second try; it doubles with every further one, up to half a minute.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 6, stall: Duration::from_secs(30), pause: Duration::from_millis(500) }
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

/// Tries that failed in a row.
#[derive(Debug)]
pub(crate) struct Tries {
    patience: Patience,
    pub failures: u32,
}

impl Tries {
    pub fn new(patience: Patience) -> Self {
        Self { patience, failures: 0 }
    }

    /// Waits before the next try; the error once there were enough.
    pub fn pause(&self, error: Error) -> Result<()> {
        let Self { patience, failures } = self;
        if *failures >= patience.tries {
            return Err(error.context(format!("given up after {failures} tries that brought nothing")));
        }
        let doubled = patience.pause.saturating_mul(1 << (failures.saturating_sub(1)).min(16));
        thread::sleep(doubled.min(LONGEST));
        Ok(())
    }
}
