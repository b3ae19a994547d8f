//! Downloads shards before they are read.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use clip_lab_shards::{Location, Shards};

/// Shards downloaded beyond the last one that was reached.
const AHEAD: usize = 2;

/// Downloads shards in reading order, a few ahead of the reader. A reader downloads a shard that is not cached yet
/// itself, so this affects speed only.
pub(super) struct Prefetcher(Option<Arc<Shared>>);

struct Shared {
    shards: Arc<Shards>,
    locations: Vec<Location>,
    plan: Mutex<ReadPlan>,
    changed: Condvar,
}

#[derive(Default)]
struct ReadPlan {
    /// Shards in order of first access, and the position of each.
    order: Vec<u32>,
    positions: HashMap<u32, usize>,
    /// Positions of reading and downloading in `order`.
    read: usize,
    fetched: usize,
    ended: bool,
}

impl Prefetcher {
    /// Starts a thread if any shard is remote.
    pub(super) fn new(shards: Arc<Shards>, locations: Vec<Location>) -> Self {
        if !locations.iter().any(|location| matches!(location, Location::Remote(_))) {
            return Self(None);
        }
        let (plan, changed) = Default::default();
        let shared = Arc::new(Shared { shards, locations, plan, changed });
        let worker = shared.clone();
        thread::spawn(move || worker.work());
        Self(Some(shared))
    }

    /// Sets the order in which shards will be read.
    pub(super) fn set_order(&self, shards: impl Iterator<Item = u32>) {
        let Some(shared) = &self.0 else { return };
        let mut plan = ReadPlan::default();
        for shard in shards {
            let next = plan.order.len();
            plan.positions.entry(shard).or_insert_with(|| {
                plan.order.push(shard);
                next
            });
        }
        *shared.lock() = plan;
        shared.changed.notify_all();
    }

    /// Called when an image of this shard is read.
    pub(super) fn advance(&self, shard: u32) {
        let Some(shared) = &self.0 else { return };
        let mut plan = shared.lock();
        let position = plan.positions.get(&shard).copied().unwrap_or(0);
        if position > plan.read {
            plan.read = position;
            shared.changed.notify_all();
        }
    }
}

impl Drop for Prefetcher {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.lock().ended = true;
            shared.changed.notify_all();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, ReadPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(shard) = self.next() {
            // The reader of the shard reports the error.
            drop(self.shards.fetch(&self.locations[shard as usize]));
        }
    }

    /// The next shard to download; blocks until there is one. None at the end.
    fn next(&self) -> Option<u32> {
        let idle = |plan: &mut ReadPlan| {
            !plan.ended && (plan.fetched > plan.read + AHEAD || plan.fetched >= plan.order.len())
        };
        let mut plan = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if plan.ended {
            return None;
        }
        plan.fetched += 1;
        Some(plan.order[plan.fetched - 1])
    }
}
