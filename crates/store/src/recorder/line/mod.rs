//! Where records wait for the writer. Two buffers trade places, so that a call of the training thread writes its values
//! behind those of the call before and allocates nothing, wakes nobody and asks the clock once.

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
    names::Shapes,
    record::{Names, Points, Record},
};
use crate::Tick;

/// Records that may wait.
const WAITING: usize = 65_536;
/// The longest a call waits when that many do.
const PATIENCE: Duration = Duration::from_millis(5);
/// The time of day is read anew when it is this far from what the clock of the calls says, milliseconds.
const ASTRAY: u64 = 100;

/// The line.
pub struct Line {
    inner: Mutex<Inner>,
    began: Instant,
    /// The time of day when the recorder began, milliseconds since 1970. The clock of the calls knows nothing of a
    /// machine that slept or was set; then this moves.
    began_ms: AtomicI64,
    active_before: i64,
}

#[derive(Default)]
struct Inner {
    shapes: Shapes,
    now: Waiting,
    /// Nobody takes any more: the writer's thread is over.
    abandoned: bool,
}

/// What waits.
#[derive(Default)]
pub struct Waiting {
    items: Vec<Item>,
    /// The values of all log calls, one after the other.
    bits: Vec<u64>,
    /// Who wants to know when all this is written.
    pub answers: Vec<Sender<Option<u64>>>,
    /// Whether nothing will follow.
    pub last: bool,
}

enum Item {
    /// A log call: where, milliseconds since the recorder began, which metrics.
    Points(Tick, i64, Names),
    Other(Box<Record>),
}

impl Line {
    /// An empty line of a run that has worked `active_before` milliseconds.
    pub fn new(active_before: i64) -> Line {
        let began_ms = AtomicI64::new(crate::now_ms());
        Line { inner: Mutex::default(), began: Instant::now(), began_ms, active_before }
    }

    /// Adds a log call; false when it is lost.
    pub fn log(&self, at: Tick, points: &[(&str, f64)], wake: impl Fn()) -> bool {
        let elapsed = self.began.elapsed().as_millis() as i64;
        self.room(wake).is_some_and(|mut inner| {
            let names = inner.shapes.of(points);
            inner.now.items.push(Item::Points(at, elapsed, names));
            inner.now.bits.extend(points.iter().map(|(_, value)| value.to_bits()));
            true
        })
    }

    /// Adds a record; false when it is lost.
    pub fn push(&self, record: Record, wake: impl Fn()) -> bool {
        self.room(wake).map(|mut inner| inner.now.items.push(Item::Other(record.into()))).is_some()
    }

    /// Adds the last record, room or not.
    pub fn close(&self, record: Record) {
        let mut inner = self.lock();
        inner.now.items.push(Item::Other(record.into()));
        inner.now.last = true;
    }

    /// Something to wait on until all so far is written.
    pub fn written(&self) -> Receiver<Option<u64>> {
        let (answer, answered) = bounded(1);
        let mut inner = self.lock();
        if !inner.abandoned {
            inner.now.answers.push(answer);
        }
        answered
    }

    /// Takes all that waits; `spare` is emptied and its memory used again.
    pub fn take(&self, spare: &mut Waiting) {
        (spare.answers, spare.last) = (Vec::new(), false);
        spare.items.clear();
        spare.bits.clear();
        swap(&mut self.lock().now, spare);
    }

    /// The records of what was taken.
    pub fn records(&self, taken: &mut Waiting) -> impl Iterator<Item = Record> {
        let (mut from, active_before, began_ms) = (0, self.active_before, self.began_ms());
        let Waiting { items, bits, .. } = taken;
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
        let known = self.began_ms.load(Ordering::Relaxed);
        let now = crate::now_ms() - self.began.elapsed().as_millis() as i64;
        if now.abs_diff(known) <= ASTRAY {
            return known; // or times of neighbouring calls would tremble
        }
        self.began_ms.store(now, Ordering::Relaxed);
        now
    }

    /// Says that nobody takes any more: whoever waits for an answer need not.
    pub fn abandon(&self) {
        let mut inner = self.lock();
        inner.abandoned = true;
        drop(take(&mut inner.now));
    }

    /// The line with room for one more, or none after [`PATIENCE`].
    fn room(&self, wake: impl Fn()) -> Option<MutexGuard<'_, Inner>> {
        let free = |inner: &Inner| inner.now.items.len() < WAITING;
        let mut inner = self.lock();
        if free(&inner) || inner.abandoned {
            return (!inner.abandoned).then_some(inner);
        }
        let until = Instant::now() + PATIENCE;
        while !free(&inner) {
            drop(inner);
            wake();
            std::thread::sleep(PATIENCE / 20);
            inner = self.lock();
            if Instant::now() > until {
                return free(&inner).then_some(inner);
            }
        }
        Some(inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
