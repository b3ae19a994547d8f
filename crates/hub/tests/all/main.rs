//! Tests of downloads from a local hub server.

mod data;
mod fetch;
mod hostile;
mod support;
