//! Panics of plugins as errors.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs `act` and turns a panic into an error message; `what` describes the action.
pub fn caught<T>(what: &str, act: impl FnOnce() -> T) -> Result<T, String> {
    // Unwind safe: after the error no partially changed state is used.
    catch_unwind(AssertUnwindSafe(act))
        .map_err(|panic| format!("{what} panicked: {}", panic_message(&*panic)))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(caught("adding", || 1 + 1), Ok(2));
        assert_eq!(
            caught("adding", || panic!("no {}", "way")),
            Err::<(), _>("adding panicked: no way".to_owned())
        );
    }
}
