//! A budget of memory for what is being unpacked, shared by all threads.

use std::{
    cell::Cell,
    marker::PhantomData,
    sync::{Condvar, Mutex, PoisonError},
};

/// Bytes that all threads together may unpack at once. A file of a few kilobytes may hold an image of hundreds of
/// megabytes; without this every thread could hold one.
pub const MOST_ROOM: u64 = 1 << 30;

static TAKEN: Mutex<u64> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// How many rooms this thread holds.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    /// It belongs to the thread that took it.
    here: PhantomData<*const ()>,
}

impl Room {
    /// Waits until so many bytes fit beside what other threads hold. What is larger than the whole budget waits until
    /// it is alone. A thread that holds a room does not wait for another, since others may wait for the one it holds.
    pub fn take(bytes: u64) -> Self {
        let first = HELD.get() == 0;
        HELD.set(HELD.get() + 1);
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        while first && *taken > 0 && taken.saturating_add(bytes) > MOST_ROOM {
            taken = CHANGED.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = taken.saturating_add(bytes);
        Self { bytes, here: PhantomData }
    }

    /// Bytes that all threads hold now.
    pub fn taken() -> u64 {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(1));
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(self.bytes);
        CHANGED.notify_all();
    }
}
