//! Shards from elsewhere.

mod cache;
mod client;

pub use cache::Cache;
