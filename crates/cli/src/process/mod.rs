//! Conventions that both programs share: output streams, JSON, colours, signals, threads and exit codes.

mod colour;
mod exit;
mod json;
mod print;
mod signals;
mod threads;

pub use clip_lab_escape::shown;
pub use colour::{ColorWhen, coloured, paint};
pub(crate) use colour::{color_of, set_color};
pub(crate) use exit::exit_with;
pub use exit::{EXIT_CODES, Exit};
pub use json::{VERSION, answer, line};
pub use print::{message, print, rewrite, talk, tell, tell_mistakes};
pub use signals::heeded;
pub use threads::threads;
