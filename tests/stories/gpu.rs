//! Training and commands on a GPU. By default it is the test device of `crates/testing/test_gpu`, which computes with the
//! CPU's kernels; with `CLIP_LAB_TEST_DEVICE=cuda:0` it is the real one of that name.

mod commands;
mod copies;
mod device;
mod experiments;
mod losses;
mod parts;
mod resume;
mod rules;
