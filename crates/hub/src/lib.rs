//! Downloads repositories of the Hugging Face Hub into its standard cache, shared with huggingface_hub.
//!
//! A revision is resolved to a commit on first use. Cached files are used without a request, so that runs are
//! reproducible; name a revision to get another version. Files are stored by digest and renamed once complete: an
//! interrupted download resumes. Nothing is executed or unpickled.

mod cache;
mod client;
mod data;
mod digest;
mod environment;
mod file;
mod listed;
mod listing;
mod name;
mod progress;
mod repo;
mod status_error;

pub use data::{data_folder, is_local, name_error};
pub use environment::{Hub, Token};
pub use file::HubFile;
pub use listed::{Listing, RepoFile};
pub use name::{Kind, Name, is_name};
pub use repo::Repo;
