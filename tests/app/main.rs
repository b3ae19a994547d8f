//! Tests of the application within one process, and of the repository. Those that start programs hold the lock under
//! which runs are trained: until its `exec`, a child has copies of the locks on the folders of runs, which a resumed run
//! would find taken.

mod check;
mod classification;
mod conformance;
mod gradcache;
mod large_batches;
mod layers;
mod loss_check;
mod precision;
mod probe;
mod readme;
mod reference;
mod spec_errors;
mod specs;
#[path = "../support/mod.rs"]
mod support;
mod test_programs;
mod training;
mod tricks;
