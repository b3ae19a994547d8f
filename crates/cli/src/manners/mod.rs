//! How both programs behave: what they print where, in which form and colour, and with which code they end.

mod colour;
mod exit;
mod json;
mod print;

pub use colour::{ColorWhen, coloured, paint};
pub(crate) use colour::{choose, given};
pub use exit::{EXIT_CODES, Exit};
pub use json::{VERSION, answer, line};
pub use print::{print, talk};
