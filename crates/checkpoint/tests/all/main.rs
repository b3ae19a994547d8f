//! Tests of checkpoints: layouts of other tools, clip-lab's own, and their faults.

mod catalog;
mod faults;
mod models;
mod own;
mod positions;
mod saving;
mod support;
mod towers;
