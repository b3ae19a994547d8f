//! How both programs behave: what they print where, in which form and colour, and with which code they end.

mod colour;
mod exit;
mod json;
mod print;
mod signals;
mod threads;

pub use clip_lab_escape::shown;
pub use colour::{ColorWhen, coloured, paint};
pub(crate) use colour::{choose, given};
pub(crate) use exit::refuse;
pub use exit::{EXIT_CODES, Exit};
pub use json::{VERSION, answer, line};
pub use print::{message, print, rewrite, talk, tell, tell_mistakes};
pub use signals::heeded;
pub use threads::threads;
