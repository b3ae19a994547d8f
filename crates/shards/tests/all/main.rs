//! Tests of tar shards: download, index and writer.

mod fetch;
mod index;
mod support;
