//! All threads together stay within the budget.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use clip_lab_files::{MEMORY_BUDGET, MemoryReservation};

/// The budget is global: these tests run one at a time, and no other test of this program reserves memory.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn threads_wait_once_the_budget_is_used_up() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let _memory = MemoryReservation::acquire(MEMORY_BUDGET / 2);
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(20));
                now.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!((most.into_inner(), MemoryReservation::total()), (2, 0));
}

#[test]
fn a_thread_does_not_wait_for_itself_and_oversized_requests_run_alone() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let first = MemoryReservation::acquire(MEMORY_BUDGET);
    let second = MemoryReservation::acquire(MEMORY_BUDGET);
    assert_eq!(MemoryReservation::total(), 2 * MEMORY_BUDGET);
    drop(first);
    drop(second);
    drop(MemoryReservation::acquire(100 * MEMORY_BUDGET));
    assert_eq!(MemoryReservation::total(), 0);
}
