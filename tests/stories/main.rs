//! End-to-end stories: run the programs as a user does, and check exit status, output and stored results.
//! A program of its own: a child process has copies of its parent's locks until its `exec`, and `tests/app` resumes runs.

mod bad_data;
mod bad_weights;
mod bucket;
mod classifier;
mod cluster;
mod compare;
mod conventions;
mod distributed;
mod doctor;
mod embed;
mod eval;
mod first_use;
mod from_run;
mod gpu;
mod gpu_check;
mod hostile;
mod hostile_files;
mod hub;
mod inspect;
mod installed;
mod lab;
mod model;
mod new_spec;
mod outside;
mod pack;
mod preflight;
mod program;
mod prompts;
mod recorded_runs;
mod remote;
mod resume;
mod run;
mod search;
mod specs;
mod stop;
mod store;
mod study;
mod study_slurm;
#[path = "../support/mod.rs"]
mod support;
mod threads;
mod trust;
