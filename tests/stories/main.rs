//! End-to-end stories: run the programs as a user does, and check exit status, output and stored results.

mod bad_data;
mod bad_weights;
mod bucket;
mod classifier;
mod compare;
mod doctor;
mod embed;
mod eval;
mod from_run;
mod hostile;
mod hostile_files;
mod hub;
mod inspect;
mod installed;
mod lab;
mod look_back;
mod manners;
mod model;
mod newcomer;
mod outside;
mod pack;
mod preflight;
mod program;
mod prompts;
mod remote;
mod resume;
mod run;
mod search;
mod specs;
mod stop;
mod store;
mod study;
#[path = "../support/mod.rs"]
mod support;
mod threads;
mod trust;
