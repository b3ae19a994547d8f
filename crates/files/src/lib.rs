//! Opens untrusted files, such as those of a downloaded data set or model.
//!
//! An untrusted folder may contain anything: a FIFO without a writer, on which `open` blocks forever; an endless device; a
//! file of terabytes; a link to the user's keys. This crate opens regular files only ([`open_regular`]), reads at most a
//! given number of bytes ([`read_capped`], [`read_text_capped`], [`read_all`]), and confines paths to a folder ([`Root`]).
//! Files are written without following symbolic links ([`open_no_follow`]).
//! Decoders in several threads share a memory budget ([`MemoryReservation`]).
//!
//! As in the standard library, errors do not contain the path: the caller adds it.

mod memory;
mod no_follow;
mod read;
mod regular;
mod root;

pub use memory::{MEMORY_BUDGET, MemoryReservation};
pub use no_follow::{append_no_follow, no_follow, open_no_follow, replace_no_follow};
pub use read::{read_all, read_capped, read_text, read_text_capped};
pub use regular::{check_regular, open_regular};
pub use root::Root;

/// One kibibyte.
pub const KIB: u64 = 1 << 10;
/// One mebibyte.
pub const MIB: u64 = 1 << 20;
/// One gibibyte.
pub const GIB: u64 = 1 << 30;
