//! Tests of the store that start processes. A program of its own: until its `exec`, a child has copies of this
//! process's locks on run folders, which a test of `all` would find taken when it resumes its run.

mod child;
#[path = "../all/common.rs"]
mod common;
mod crowd;
mod full_disk;
mod interrupted;
mod kills;
