//! Opening files that came from outside, such as those of a data set or a model folder that was downloaded.
//!
//! Such a folder may name anything: a FIFO without a writer, on which `open` waits for ever; a device that has no end; a
//! file of terabytes; a link to the user's keys. This crate opens regular files only ([`open_regular`]), reads no more than
//! a caller's limit ([`read_capped`], [`read_text_capped`], [`read_all`]), and holds paths below a folder ([`Root`]). What
//! is unpacked by several threads shares a budget of memory ([`Room`]).
//!
//! Errors name no path, as those of the standard library: the caller says which file of what it was.

mod read;
mod regular;
mod room;
mod root;

pub use read::{read_all, read_capped, read_text, read_text_capped};
pub use regular::{check_regular, open_regular};
pub use room::{MOST_ROOM, Room};
pub use root::Root;

/// One kibibyte, for writing limits.
pub const KIB: u64 = 1 << 10;
/// One mebibyte, for writing limits.
pub const MIB: u64 = 1 << 20;
/// One gibibyte, for writing limits.
pub const GIB: u64 = 1 << 30;
