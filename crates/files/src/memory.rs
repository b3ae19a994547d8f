//! A memory budget for decoding, shared by all threads.

use std::{
    cell::Cell,
    marker::PhantomData,
    sync::{Condvar, Mutex, PoisonError},
};

/// The budget in bytes. A file of a few kilobytes may decode to an image of hundreds of megabytes; without a budget every
/// thread could hold one.
pub const MEMORY_BUDGET: u64 = 1 << 30;

static RESERVED: Mutex<u64> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// Number of reservations this thread holds.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// A reservation of the budget, released on drop.
#[derive(Debug)]
pub struct MemoryReservation {
    bytes: u64,
    /// Not `Send`: it belongs to the thread that reserved it.
    not_send: PhantomData<*const ()>,
}

impl MemoryReservation {
    /// Reserves `bytes`; blocks until they fit. A request larger than the budget waits until nothing else is reserved. A
    /// thread that already holds a reservation does not wait, which could deadlock.
    pub fn acquire(bytes: u64) -> Self {
        let first = HELD.get() == 0;
        HELD.set(HELD.get() + 1);
        let mut reserved = RESERVED.lock().unwrap_or_else(PoisonError::into_inner);
        while first && *reserved > 0 && reserved.saturating_add(bytes) > MEMORY_BUDGET {
            reserved = CHANGED.wait(reserved).unwrap_or_else(PoisonError::into_inner);
        }
        *reserved = reserved.saturating_add(bytes);
        Self { bytes, not_send: PhantomData }
    }

    /// Bytes reserved by all threads.
    pub fn total() -> u64 {
        *RESERVED.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MemoryReservation {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(1));
        let mut reserved = RESERVED.lock().unwrap_or_else(PoisonError::into_inner);
        *reserved = reserved.saturating_sub(self.bytes);
        CHANGED.notify_all();
    }
}
