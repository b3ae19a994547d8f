//! Downloading remote shards.

mod bucket;
mod cache;
mod client;
mod guard;
mod page;

pub use cache::Cache;
