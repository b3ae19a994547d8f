//! Repositories of the Hugging Face hub, fetched once into the hub's own cache, which its other tools share.
//!
//! A repository is fetched at the commit that its revision is when it is first asked for. What is in the cache is used
//! without asking again, so that a run repeats; another state is asked for by its revision. Files are named by their
//! content and take their name once they are whole: stopped at any moment, the next call goes on. Nothing is executed
//! or unpickled.

mod client;
mod data;
mod digest;
mod environment;
mod file;
mod listed;
mod listing;
mod meter;
mod name;
mod refusal;
mod repo;
mod shelf;

pub use data::{data_folder, fault, is_here};
pub use environment::{Hub, Token};
pub use file::HubFile;
pub use listed::{Listed, Listing};
pub use name::{Kind, Name, is_name};
pub use repo::Repo;
