//! The heartbeats of other ranks while an operation waits longer than the timeout of the group.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// When the heartbeats of other ranks were last new. Rank 0 watches all, the others rank 0 alone: the store answers every
/// request by itself.
#[derive(Debug)]
pub struct Watch(Mutex<Vec<Seen>>);

#[derive(Debug)]
struct Seen {
    rank: usize,
    heartbeat: u64,
    at: Instant,
}

impl Watch {
    pub fn new(rank: usize, size: usize) -> Self {
        let watched = if rank == 0 { 1..size } else { 0..1 };
        Self(Mutex::new(watched.map(|rank| Seen { rank, heartbeat: 0, at: Instant::now() }).collect()))
    }

    /// The ranks that are watched.
    pub fn ranks(&self) -> Vec<usize> {
        self.0.lock().map_or_else(|_| Vec::new(), |all| all.iter().map(|seen| seen.rank).collect())
    }

    /// Notes the number of the last heartbeat of a rank.
    pub fn note(&self, rank: usize, heartbeat: u64) {
        let Ok(mut all) = self.0.lock() else { return };
        if let Some(seen) = all.iter_mut().find(|seen| seen.rank == rank && seen.heartbeat != heartbeat) {
            (seen.heartbeat, seen.at) = (heartbeat, Instant::now());
        }
    }

    /// Whether a rank has sent no new heartbeat for longer than `limit`.
    pub fn is_silent(&self, limit: Duration) -> bool {
        self.0.lock().is_ok_and(|all| all.iter().any(|seen| seen.at.elapsed() > limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_silent_until_its_heartbeat_changes() {
        let (first, third) = (Watch::new(0, 3), Watch::new(2, 3));
        assert_eq!((first.ranks(), third.ranks()), (vec![1, 2], vec![0]));
        std::thread::sleep(Duration::from_millis(30));
        let limit = Duration::from_millis(20);
        first.note(1, 7);
        assert!(first.is_silent(limit), "rank 2 has sent none");
        first.note(2, 1);
        assert!(!first.is_silent(limit));
        std::thread::sleep(Duration::from_millis(30));
        first.note(1, 7);
        first.note(2, 2);
        assert!(first.is_silent(limit), "rank 1 has sent no new one");
        assert!(!first.is_silent(Duration::from_secs(60)));
    }
}
