//! Downloading remote shards.

mod bucket;
mod cache;
mod client;
mod guard;
mod http;

pub use cache::Cache;
