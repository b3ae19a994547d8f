//! Conventions that both programs share: output streams, JSON, colours, signals, environment and exit codes.

mod colour;
mod exit;
mod json;
mod libtorch;
mod print;
mod signals;

pub use clip_lab_escape::shown;
pub use colour::{ColorWhen, coloured, paint};
pub(crate) use colour::{color_of, set_color};
pub(crate) use exit::exit_with;
pub use exit::{EXIT_CODES, Exit};
pub use json::{VERSION, json_document, json_line};
pub use libtorch::libtorch_environment;
pub use print::{eprint, message, print, print_diagnostics, print_error, print_wait, rewrite_line};
pub use signals::not_ignored;
