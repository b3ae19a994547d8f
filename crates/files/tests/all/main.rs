//! Tests of opening files, and of the memory budget.

mod memory;
mod no_follow;
mod regular;
mod root;
