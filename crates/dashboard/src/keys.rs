//! What keys and commands do. One table drives the keys, the footer, the help and the command line.

mod action;
mod arguments;
mod chord;
pub mod command;
pub mod file;
mod map;
mod names;
mod table;

pub use action::{Action, ChartAction, TableAction};
pub use arguments::Argument;
pub use chord::Chord;
pub use map::Keys;
pub use names::Names;
pub use table::{BINDINGS, Binding, Handler};
