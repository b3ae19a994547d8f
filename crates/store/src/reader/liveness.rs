//! Whether a run with status `running` is alive.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::Instant,
};

use crate::Status;

/// A run with an older heartbeat is stalled.
pub const STALLED_MS: i64 = 15_000;
/// A run with an older heartbeat has crashed if its process is not found on this machine. Not at once: a process in a
/// container may be alive without being visible. A live run has a heartbeat at least every 5 s.
const CRASHED_MS: i64 = 8_000;
/// The largest clock difference between two machines.
const MAX_CLOCK_SKEW_MS: i64 = 3_600_000;

/// When each heartbeat last changed, measured by the clock of this machine alone: the clock of the machine that wrote it
/// may be fast or slow.
#[derive(Debug, Default)]
pub struct Watch(Mutex<HashMap<String, (i64, Instant)>>);

static SHARED: LazyLock<Watch> = LazyLock::new(Watch::default);

impl Watch {
    /// The watch of this process. What one reader has seen, another one needs: a run that was found to have crashed is
    /// resumed by a store that was opened after that.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// How long the heartbeat of a run has been unchanged.
    pub fn unchanged_ms(&self, uid: &str, heartbeat_ms: i64) -> i64 {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, since) = seen.entry(uid.to_owned()).or_insert_with(|| (heartbeat_ms, Instant::now()));
        if *last != heartbeat_ms {
            (*last, *since) = (heartbeat_ms, Instant::now());
        }
        since.elapsed().as_millis() as i64
    }
}

/// The age of a run's last heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct HeartbeatAge {
    /// By the clocks of both machines.
    pub by_clock_ms: i64,
    /// Since this process first saw it.
    pub unchanged_ms: i64,
}

impl HeartbeatAge {
    /// The current status of a stored one. `ended`: whether the process has ended; none if it is on another machine.
    pub fn status(self, stored: Status, ended: impl FnOnce() -> Option<bool>) -> Status {
        let age = self.by_clock_ms.max(self.unchanged_ms);
        if stored != Status::Running || age <= CRASHED_MS {
            return stored;
        }
        match ended() {
            Some(true) => Status::Crashed,
            None if self.unchanged_ms > STALLED_MS || self.by_clock_ms > MAX_CLOCK_SKEW_MS => Status::Crashed,
            Some(false) | None if age > STALLED_MS => Status::Stalled,
            _ => stored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(by_clock_ms: i64, unchanged_ms: i64, ended: Option<bool>) -> Status {
        HeartbeatAge { by_clock_ms, unchanged_ms }.status(Status::Running, || ended)
    }

    #[test]
    fn a_silent_run_of_this_machine_is_crashed_or_stalled() {
        assert_eq!(status(8_000, 0, Some(true)), Status::Running);
        assert_eq!(status(8_001, 0, Some(true)), Status::Crashed);
        assert_eq!(status(15_000, 0, Some(false)), Status::Running);
        assert_eq!(status(15_001, 0, Some(false)), Status::Stalled);
        let finished = HeartbeatAge { by_clock_ms: 1 << 40, unchanged_ms: 0 };
        assert_eq!(finished.status(Status::Finished, || Some(true)), Status::Finished);
    }

    #[test]
    fn a_run_of_another_machine_is_judged_by_its_heartbeat_and_not_by_its_clock() {
        assert_eq!(status(60_000, 0, None), Status::Stalled, "its clock may be a minute slow");
        assert_eq!(status(60_000, 15_000, None), Status::Stalled);
        assert_eq!(status(60_000, 15_001, None), Status::Crashed);
        assert_eq!(status(-60_000, 15_001, None), Status::Crashed, "its clock may be a minute fast");
        assert_eq!(status(3_600_001, 0, None), Status::Crashed);
        assert_eq!(status(15_000, 0, None), Status::Running);
    }

    #[test]
    fn a_heartbeat_that_moves_is_watched_anew() {
        let watch = Watch::default();
        assert!(watch.unchanged_ms("a", 1) < 1000);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(watch.unchanged_ms("a", 1) >= 300);
        assert!(watch.unchanged_ms("a", 2) < 300);
    }
}
