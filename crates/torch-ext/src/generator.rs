//! libtorch's random generator, which is global to the process.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks the generator. Every test that draws holds this lock, since the results of some depend on what is drawn next.
pub fn generator() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
