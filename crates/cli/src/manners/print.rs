//! Data on standard output, talk on standard error; whoever has stopped reading stops nothing.
//!
//! Everything printed goes through here. Hidden characters are escaped but for line feeds, tabs and colours of our own
//! ([`paint`](crate::paint)); a value from outside that must stay on its line is wrapped in [`shown`](crate::shown).

use std::{
    fmt::Display,
    io::{ErrorKind, Write as _, stderr, stdout},
    sync::atomic::{AtomicBool, Ordering},
};

use clip_lab_escape::{line, terminal};

/// Whether something could not be printed.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints data. A reader that has gone (`| head`) is no fault: a run goes on, and the rest is printed to nobody.
/// `println!` would panic. A disk that is full is told once, and the program ends with a code for it.
pub fn print(words: impl Display) {
    let mut out = stdout().lock();
    let words = words.to_string();
    let written = out.write_all(terminal(&words).as_bytes()).and_then(|()| out.flush());
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
    let words = words.to_string();
    let _ = stderr().lock().write_all(terminal(&words).as_bytes());
}

/// Writes over the last line of standard error, which must be a terminal; nothing clears it.
pub fn rewrite(words: &str) {
    let mut err = stderr().lock();
    let _ = write!(err, "\r\x1b[K{}", line(words)).and_then(|()| err.flush());
}

/// Says an error.
pub fn tell(error: impl Display) {
    talk(message(format_args!("error: {error}")));
}

/// Says the mistakes of a file, which bring their headings and places: see `clip_lab_problem::render`.
pub fn tell_mistakes(rendered: &str) {
    let heading = if rendered.starts_with("error: ") { "" } else { "error: " };
    talk(format_args!("{heading}{rendered}\n"));
}

/// One message: its lines after the first are indented, so that no text from outside can pose as a message of its own.
pub fn message(words: impl Display) -> String {
    let words = words.to_string();
    let text = words.trim_matches('\n');
    let (before, rest) = words.split_at(words.len() - words.trim_start_matches('\n').len());
    let after = &rest[text.len()..];
    format!("{before}{}{after}\n", text.replace('\n', "\n  ").replace("\n  \n", "\n\n"))
}

/// Prints a line of data, as `println!` does. Line feeds within it indent what follows, see [`message`]; what has many
/// lines goes to [`print()`].
#[macro_export]
macro_rules! out {
    ($($words:tt)*) => { $crate::print($crate::message(format_args!($($words)*))) };
}

/// Says a line beside the data, as `eprintln!` does; with line feeds as [`out!`] has them.
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => { $crate::talk($crate::message(format_args!($($words)*))) };
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_message_cannot_pose_as_two() {
        assert_eq!(message("no run `a\nerror: b\n\nc`"), "no run `a\n  error: b\n\n  c`\n");
        assert_eq!(message("\n\na\n"), "\n\na\n\n");
        assert_eq!((message(""), message("\n")), ("\n".to_owned(), "\n\n".to_owned()));
    }
}
