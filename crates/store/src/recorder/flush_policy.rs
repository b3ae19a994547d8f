//! When the writer flushes, retries and gives up.

use std::time::Duration;

/// When the writer flushes, retries and gives up.
#[derive(Clone, Copy, Debug)]
pub struct FlushPolicy {
    /// The longest time before a record is written.
    pub flush: Duration,
    /// The largest number of values per write.
    pub points: usize,
    /// The interval between heartbeats.
    pub heartbeat: Duration,
    /// How long to wait for another program's lock before records are spooled.
    pub busy: Duration,
    /// How long to wait before a failed store is retried.
    pub retry: Duration,
    /// How long a run that ends retries to write its last records while both the store and the disk fail.
    pub closing: Duration,
}

impl Default for FlushPolicy {
    fn default() -> Self {
        FlushPolicy {
            flush: Duration::from_millis(200), // plus the time of a write: a kill loses less than 250 ms
            points: 4096,
            heartbeat: Duration::from_secs(5),
            busy: Duration::from_secs(5),
            retry: Duration::from_secs(2),
            closing: Duration::from_secs(10),
        }
    }
}
