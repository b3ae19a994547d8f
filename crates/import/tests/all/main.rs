//! Tests of the parsers.

mod any_bytes;
mod common;
mod csv;
mod open_clip;
mod tensorboard;
mod wandb;
