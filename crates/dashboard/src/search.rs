//! The interactive search: a prompt with results that update while typing.
//!
//! ```text
//! keys --App::press--> state and requests --Searcher--> search process --reply--> App::receive --> view::draw
//! ```
//! Nothing here blocks on a reply, so keys are handled at once.

pub mod app;
mod help;
mod input;
mod run;
pub mod thumbnails;
pub mod view;

use anyhow::Result;
use clip_lab_search_protocol::{Operation, Query, Ready, Reply};

use crate::images::Images;

pub use run::show;

/// The search backend.
pub trait Searcher {
    /// Sends a request without blocking; returns the id of its reply.
    ///
    /// # Errors
    /// If the search process has ended.
    fn send(&mut self, operation: Operation) -> Result<u64>;
    /// The next reply, if one has arrived.
    ///
    /// # Errors
    /// If the search process has ended.
    fn reply(&mut self) -> Result<Option<Reply>>;
}

/// What the search screen shows.
#[derive(Debug, Clone)]
pub struct Options {
    /// The index to search.
    pub ready: Ready,
    /// The first query.
    pub first: Option<Query>,
    /// How many images to return.
    pub top: usize,
    /// How many wrong matches of an evaluation to list instead of a prompt.
    pub worst: Option<usize>,
    /// How images are drawn.
    pub images: Images,
}
