//! Tests of copies between stores.

mod common;
mod copies;
mod hostile;
mod kills;
mod merges;
mod pipe;
