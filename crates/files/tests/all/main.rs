//! Tests of opening files, and of the memory budget.

mod memory;
mod regular;
mod root;
