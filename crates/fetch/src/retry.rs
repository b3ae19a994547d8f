//! The retry policy: timeouts, the minimum rate, and the number of attempts.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Error, Result, anyhow};

/// The minimum rate, bytes per second: far below the slowest usable link, even if eight files share it.
const MIN_RATE: u64 = 500;
/// The window over which the rate is measured, so that a link may stall for a while.
const WINDOW: Duration = Duration::from_secs(60);

/// Timeouts and retries.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Consecutive attempts without progress before a download fails.
    pub attempts: u32,
    /// Time without data after which an attempt is retried.
    pub stall: Duration,
    /// Pause before the second attempt; doubles with every further one, up to 30 s.
    pub backoff: Duration,
    /// Bytes per second over [`RetryPolicy::window`] below which an attempt counts as no progress.
    pub min_rate: u64,
    /// The window over which the rate is measured.
    pub window: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            stall: Duration::from_secs(30),
            backoff: Duration::from_millis(500),
            min_rate: MIN_RATE,
            window: WINDOW,
        }
    }
}

impl RetryPolicy {
    /// Whether `bytes` in `time` count as progress.
    pub(crate) fn is_progress(&self, bytes: u64, time: Duration) -> bool {
        bytes > 0 && bytes as f64 >= self.min_rate as f64 * time.as_secs_f64()
    }
}

/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Why an attempt failed.
#[derive(Debug)]
pub enum FetchError {
    /// Permanent: do not retry.
    Permanent(Error),
    /// Transient: retry from the current position.
    Transient(Error),
    /// Retry from the start: the file has changed, or the server does not support range requests.
    Restart(Error),
}

/// Measures the rate of one attempt.
pub(crate) struct RateMeter {
    policy: RetryPolicy,
    since: Instant,
    bytes: u64,
}

impl RateMeter {
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, since: Instant::now(), bytes: 0 }
    }

    /// Counts received bytes.
    ///
    /// # Errors
    /// [`FetchError::Transient`] if a window ended below the minimum rate.
    pub fn add(&mut self, bytes: usize) -> Result<(), FetchError> {
        self.bytes += bytes as u64;
        let time = self.since.elapsed();
        if time < self.policy.window {
            return Ok(());
        }
        if !self.policy.is_progress(self.bytes, time) {
            let (bytes, seconds, least) = (self.bytes, time.as_secs_f32(), self.policy.min_rate);
            return Err(FetchError::Transient(anyhow!(
                "the server sent {bytes} bytes in {seconds:.0} s, less than {least} bytes/s"
            )));
        }
        *self = Self::new(self.policy);
        Ok(())
    }
}

/// Counts consecutive failed attempts.
#[derive(Debug)]
pub(crate) struct Attempts {
    policy: RetryPolicy,
    failures: u32,
    since: Instant,
}

impl Attempts {
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0, since: Instant::now() }
    }

    /// Counts a failed attempt, and sleeps before the next. An attempt that made progress since the previous failure
    /// resets the count to 1.
    ///
    /// # Errors
    /// If too many attempts have failed.
    pub fn failed(&mut self, received: u64, error: Error) -> Result<()> {
        let progress = self.policy.is_progress(received, self.since.elapsed());
        self.failures = if progress { 1 } else { self.failures + 1 };
        self.since = Instant::now();
        let Self { policy, failures, .. } = self;
        if *failures >= policy.attempts {
            return Err(error.context(format!("gave up after {failures} attempts without progress")));
        }
        let doubled = policy.backoff.saturating_mul(1 << (failures.saturating_sub(1)).min(16));
        thread::sleep(doubled.min(MAX_PAUSE));
        Ok(())
    }
}
