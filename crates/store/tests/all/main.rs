//! Tests of the store, within one process.

mod buckets;
mod candidates;
mod common;
mod damaged;
mod details;
mod evaluations;
mod faults;
mod folders;
mod imports;
mod migration;
mod probes;
mod recording;
