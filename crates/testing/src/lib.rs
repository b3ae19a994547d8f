//! What the tests of several crates share.

mod goldens;
pub mod runs;
mod server;
mod test_gpu;

pub use goldens::{data, golden};
pub use server::{Fault, HubServer, Request, Server, git_sha1, sha256};
pub use test_gpu::test_gpu;
