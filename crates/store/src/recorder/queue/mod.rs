//! The queue of records for the writer. It is double-buffered: a call of the training thread appends its values to one
//! buffer, allocates nothing, wakes no thread and reads the clock once.

#[cfg(test)]
mod tests;

use std::{
    mem::{swap, take},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam::channel::{Receiver, Sender, bounded};

use super::{
    name_cache::NameCache,
    record::{Names, Points, Record},
};
use crate::Tick;

/// Largest number of queued records.
const CAPACITY: usize = 65_536;
/// The longest a call waits for room.
const MAX_WAIT: Duration = Duration::from_millis(5);
/// The wall clock offset is updated when it differs by more than this from the monotonic clock, milliseconds.
const MAX_CLOCK_DRIFT_MS: u64 = 100;

/// The queue.
pub struct Queue {
    inner: Mutex<Inner>,
    began: Instant,
    /// Wall time at `began`, milliseconds since 1970. Updated when the machine slept or its clock was set, which the
    /// monotonic clock does not show.
    began_ms: AtomicI64,
    active_before: i64,
}

#[derive(Default)]
struct Inner {
    names: NameCache,
    buffer: Buffer,
    /// The writer thread has ended.
    abandoned: bool,
}

/// A buffer of queued records.
#[derive(Default)]
pub struct Buffer {
    items: Vec<Item>,
    /// The concatenated values of all log calls.
    bits: Vec<u64>,
    /// Notified when all of this is written.
    pub waiters: Vec<Sender<Option<u64>>>,
    /// Whether this is the last buffer.
    pub last: bool,
}

enum Item {
    /// A log call: progress, milliseconds since the recorder began, metric names.
    Points(Tick, i64, Names),
    Other(Box<Record>),
}

impl Queue {
    /// An empty queue of a run with `active_before` milliseconds of earlier work.
    pub fn new(active_before: i64) -> Queue {
        let began_ms = AtomicI64::new(crate::now_ms());
        Queue { inner: Mutex::default(), began: Instant::now(), began_ms, active_before }
    }

    /// Adds a log call; false if it is lost.
    pub fn log(&self, at: Tick, points: &[(&str, f64)], wake: impl Fn()) -> bool {
        let elapsed = self.began.elapsed().as_millis() as i64;
        self.wait_for_room(wake).is_some_and(|mut inner| {
            let names = inner.names.get(points);
            inner.buffer.items.push(Item::Points(at, elapsed, names));
            inner.buffer.bits.extend(points.iter().map(|(_, value)| value.to_bits()));
            true
        })
    }

    /// Adds a record; false if it is lost.
    pub fn push(&self, record: Record, wake: impl Fn()) -> bool {
        self.wait_for_room(wake)
            .map(|mut inner| inner.buffer.items.push(Item::Other(record.into())))
            .is_some()
    }

    /// Adds the last record, even to a full queue.
    pub fn close(&self, record: Record) {
        let mut inner = self.lock();
        inner.buffer.items.push(Item::Other(record.into()));
        inner.buffer.last = true;
    }

    /// A receiver that is notified when everything so far is written.
    pub fn written(&self) -> Receiver<Option<u64>> {
        let (answer, answered) = bounded(1);
        let mut inner = self.lock();
        if !inner.abandoned {
            inner.buffer.waiters.push(answer);
        }
        answered
    }

    /// Swaps the queued records with `spare`, which is cleared and reused.
    pub fn take(&self, spare: &mut Buffer) {
        (spare.waiters, spare.last) = (Vec::new(), false);
        spare.items.clear();
        spare.bits.clear();
        swap(&mut self.lock().buffer, spare);
    }

    /// The records of a taken buffer.
    pub fn records(&self, taken: &mut Buffer) -> impl Iterator<Item = Record> {
        let (mut from, active_before, began_ms) = (0, self.active_before, self.began_ms());
        let Buffer { items, bits, .. } = taken;
        items.drain(..).map(move |item| match item {
            Item::Other(record) => *record,
            Item::Points(at, elapsed, names) => {
                let bits = bits[from..from + names.0.len()].into();
                from += names.0.len();
                let (wall_ms, active_ms) = (began_ms + elapsed, active_before + elapsed);
                Record::Points(Points { at, wall_ms, active_ms, names, bits })
            }
        })
    }

    fn began_ms(&self) -> i64 {
        let stored = self.began_ms.load(Ordering::Relaxed);
        let now = crate::now_ms() - self.began.elapsed().as_millis() as i64;
        if now.abs_diff(stored) <= MAX_CLOCK_DRIFT_MS {
            return stored; // otherwise the times of neighbouring calls would jitter
        }
        self.began_ms.store(now, Ordering::Relaxed);
        now
    }

    /// Marks the queue as abandoned by its writer, and wakes whoever waits for an answer.
    pub fn abandon(&self) {
        let mut inner = self.lock();
        inner.abandoned = true;
        drop(take(&mut inner.buffer));
    }

    /// The locked queue once it has room for one more; none after [`MAX_WAIT`], or when its writer has ended.
    fn wait_for_room(&self, wake: impl Fn()) -> Option<MutexGuard<'_, Inner>> {
        let is_full = |inner: &Inner| !inner.abandoned && inner.buffer.items.len() >= CAPACITY;
        let mut inner = self.lock();
        if is_full(&inner) {
            let until = Instant::now() + MAX_WAIT;
            while is_full(&inner) {
                if Instant::now() > until {
                    return None;
                }
                drop(inner);
                wake();
                std::thread::sleep(MAX_WAIT / 20);
                inner = self.lock();
            }
        }
        (!inner.abandoned).then_some(inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
