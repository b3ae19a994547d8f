//! Copies runs with their files between stores.
//!
//! [`copy`] reads from a [`Source`] and writes to a [`Target`]. [`Local`] is both, for a store of this machine; [`Remote`]
//! is both, for a store that [`serve`] opens at the other end of a pipe, such as one of the ssh client.
//!
//! ```text
//! Local -- run_head, log_calls, ... --> copy --> Remote ==frames, ssh==> serve --> Local
//! ```
//!
//! The copy of one run: its files are written to `.incoming` in the run's folder, then its rows in transactions of bounded
//! size, then the files get their names, then the last transaction lists them and sets the status. So an interrupted copy
//! never lists a file that is not in place, and rows never end before the checkpoint that they belong to. The next copy
//! continues: with the rows after those that are there, and with the bytes after those that are there.

mod address;
mod copy;
mod file_name;
mod frame;
mod local;
mod message;
mod remote;
mod serve;
mod store_traits;

pub use address::Address;
pub use copy::{Checkpoints, Outcome, RunReport, Settings, copy};
pub use local::Local;
pub use remote::Remote;
pub use serve::{Select, serve};
pub use store_traits::{FileEntry, Listed, Opened, Source, Target};
