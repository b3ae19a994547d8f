//! How the writer paces itself.

use std::time::Duration;

/// How the writer paces itself.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The longest a record waits to be written.
    pub flush: Duration,
    /// How many values are written at once at most.
    pub points: usize,
    /// The longest silence of a living run.
    pub heartbeat: Duration,
    /// How long to wait for another program's lock before records are kept aside.
    pub busy: Duration,
    /// How long to wait before a store that failed is tried again.
    pub retry: Duration,
    /// How long a run that ends tries to get its last records into the store or onto the disk, while both fail.
    pub closing: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            flush: Duration::from_millis(200), // and what writing takes: a kill loses less than 250 ms
            points: 4096,
            heartbeat: Duration::from_secs(5),
            busy: Duration::from_secs(5),
            retry: Duration::from_secs(2),
            closing: Duration::from_secs(10),
        }
    }
}
