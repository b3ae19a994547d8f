//! Data on standard output, talk on standard error; whoever has stopped reading stops nothing.

use std::{
    fmt::Display,
    io::{ErrorKind, Write as _, stderr, stdout},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether something could not be printed.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints data. A reader that has gone (`| head`) is no fault: a run goes on, and the rest is printed to nobody.
/// `println!` would panic. A disk that is full is told once, and the program ends with a code for it.
pub fn print(words: impl Display) {
    let mut out = stdout().lock();
    let written = write!(out, "{words}").and_then(|()| out.flush());
    let Err(error) = written else { return };
    if error.kind() != ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::Relaxed) {
        talk(format_args!("error: standard output cannot be written: {error}\n"));
    }
}

/// Whether a reader that is there did not get everything.
pub(super) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Says something beside the data.
pub fn talk(words: impl Display) {
    let _ = write!(stderr().lock(), "{words}");
}

/// Prints a line of data, as `println!` does.
#[macro_export]
macro_rules! out {
    ($($words:tt)*) => { $crate::print(format_args!("{}\n", format_args!($($words)*))) };
}

/// Says a line beside the data, as `eprintln!` does.
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => { $crate::talk(format_args!("{}\n", format_args!($($words)*))) };
}
