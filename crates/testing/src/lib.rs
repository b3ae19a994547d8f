//! What the tests of several crates share.

mod goldens;
pub mod runs;
mod server;

pub use goldens::{data, golden};
pub use server::{Fault, HubServer, Request, Server, git_sha1, sha256};
