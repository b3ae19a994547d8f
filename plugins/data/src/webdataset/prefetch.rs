//! Shards that will be read soon are fetched before.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use clip_lab_shards::{Place, Shards};

/// Shards that are fetched beyond the farthest one that is read.
const AHEAD: usize = 2;

/// Fetches what is expected, a few shards before it is read. Whoever reads a shard that is not there yet fetches it
/// himself: nothing depends on this but time.
pub(super) struct Ahead(Option<Arc<Shared>>);

struct Shared {
    shards: Arc<Shards>,
    places: Vec<Place>,
    way: Mutex<Way>,
    changed: Condvar,
}

#[derive(Default)]
struct Way {
    /// Shards in the order in which they are first read, and the place of each in it.
    order: Vec<u32>,
    places: HashMap<u32, usize>,
    /// How far reading and fetching are in it.
    read: usize,
    fetched: usize,
    ended: bool,
}

impl Ahead {
    /// Starts a thread if there is anything to fetch.
    pub(super) fn new(shards: Arc<Shards>, places: Vec<Place>) -> Self {
        if !places.iter().any(|place| matches!(place, Place::Remote(_))) {
            return Self(None);
        }
        let (way, changed) = Default::default();
        let shared = Arc::new(Shared { shards, places, way, changed });
        let worker = shared.clone();
        thread::spawn(move || worker.work());
        Self(Some(shared))
    }

    /// From now on these shards are read in this order.
    pub(super) fn expect(&self, shards: impl Iterator<Item = u32>) {
        let Some(shared) = &self.0 else { return };
        let mut way = Way::default();
        for shard in shards {
            let next = way.order.len();
            way.places.entry(shard).or_insert_with(|| {
                way.order.push(shard);
                next
            });
        }
        *shared.lock() = way;
        shared.changed.notify_all();
    }

    /// An image of this shard is read.
    pub(super) fn reached(&self, shard: u32) {
        let Some(shared) = &self.0 else { return };
        let mut way = shared.lock();
        let place = way.places.get(&shard).copied().unwrap_or(0);
        if place > way.read {
            way.read = place;
            shared.changed.notify_all();
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.lock().ended = true;
            shared.changed.notify_all();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(shard) = self.next() {
            // A fault is told by whoever reads the shard.
            drop(self.shards.fetch(&self.places[shard as usize]));
        }
    }

    /// The next shard to fetch; waits until there is one. None at the end.
    fn next(&self) -> Option<u32> {
        let idle =
            |way: &mut Way| !way.ended && (way.fetched > way.read + AHEAD || way.fetched >= way.order.len());
        let mut way = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if way.ended {
            return None;
        }
        way.fetched += 1;
        Some(way.order[way.fetched - 1])
    }
}
