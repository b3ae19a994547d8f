//! Data goes to standard output, messages to standard error. A closed pipe is not an error.
//!
//! All output goes through here. Hidden characters are escaped except line feeds, tabs and our own colours
//! ([`paint`](crate::paint)). Wrap an untrusted value that must stay on its line in [`shown`](crate::shown).

use std::{
    fmt::Display,
    io::{ErrorKind, IsTerminal as _, Write as _, stderr, stdout},
    sync::atomic::{AtomicBool, Ordering},
};

use clip_lab_escape::{line, terminal};

/// Whether a write to standard output failed.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Prints data. A closed pipe (`| head`) is ignored, so that a run continues; `println!` would panic. Another write
/// error, such as a full disk, is reported once and makes the program exit with 1.
pub fn print(text: impl Display) {
    let mut out = stdout().lock();
    let text = text.to_string();
    let written = out.write_all(terminal(&text).as_bytes()).and_then(|()| out.flush());
    let Err(error) = written else { return };
    if error.kind() != ErrorKind::BrokenPipe && !FAILED.swap(true, Ordering::Relaxed) {
        eprint(format_args!("error: standard output cannot be written: {error}\n"));
    }
}

/// Whether a write to standard output failed, other than by a closed pipe.
pub(super) fn output_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// Prints to standard error.
pub fn eprint(text: impl Display) {
    let text = text.to_string();
    let _ = stderr().lock().write_all(terminal(&text).as_bytes());
}

/// Replaces the last line on standard error, which must be a terminal. The line is not cleared afterwards.
pub fn rewrite_line(text: &str) {
    let mut err = stderr().lock();
    let _ = write!(err, "\r\x1b[K{}", line(text)).and_then(|()| err.flush());
}

/// Prints to standard error that something slow has begun or `ended`. On a terminal the end replaces the begin.
pub fn print_wait(text: impl Display, ended: bool) {
    let text = text.to_string();
    if !stderr().is_terminal() {
        return eprint(message(text));
    }
    rewrite_line(&text);
    if ended {
        eprint("\n");
    }
}

/// Prints an error.
pub fn print_error(error: impl Display) {
    eprint(message(format_args!("error: {error}")));
}

/// Prints the problems of a file as `clip_lab_diagnostics::render` formats them, with headings and locations.
pub fn print_diagnostics(rendered: &str) {
    let heading = if rendered.starts_with("error: ") { "" } else { "error: " };
    eprint(format_args!("{heading}{rendered}\n"));
}

/// One message. Lines after the first are indented, so that untrusted text cannot imitate a second message.
pub fn message(text: impl Display) -> String {
    let text = text.to_string();
    let body = text.trim_matches('\n');
    let (before, rest) = text.split_at(text.len() - text.trim_start_matches('\n').len());
    let after = &rest[body.len()..];
    format!("{before}{}{after}\n", body.replace('\n', "\n  ").replace("\n  \n", "\n\n"))
}

/// Prints a line of data like `println!`. Lines after a line feed are indented, see [`message`]; print multi-line text
/// with [`print()`].
#[macro_export]
macro_rules! out {
    ($($args:tt)*) => { $crate::print($crate::message(format_args!($($args)*))) };
}

/// Prints a line to standard error like `eprintln!`. Line feeds are handled as in [`out!`].
#[macro_export]
macro_rules! note {
    ($($args:tt)*) => { $crate::eprint($crate::message(format_args!($($args)*))) };
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_message_cannot_imitate_two() {
        assert_eq!(message("no run `a\nerror: b\n\nc`"), "no run `a\n  error: b\n\n  c`\n");
        assert_eq!(message("\n\na\n"), "\n\na\n\n");
        assert_eq!((message(""), message("\n")), ("\n".to_owned(), "\n\n".to_owned()));
    }
}
