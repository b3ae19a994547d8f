//! The interactive search: a prompt whose answers follow as it is typed.
//!
//! ```text
//! keys --App::press--> state, and what to ask --Searcher--> another process --reply--> App::take --> view::draw
//! ```
//! Nothing here waits for an answer, so that no key is late.

pub mod app;
mod help;
mod line;
mod run;
pub mod thumbs;
pub mod view;

use anyhow::Result;
use clip_lab_search::{Ask, Query, Ready, Reply};

use crate::screen::panels::images::Images;

pub use run::show;

/// Who answers.
pub trait Searcher {
    /// Asks without waiting; returns the number that the reply will have.
    ///
    /// # Errors
    /// When nobody listens any more.
    fn send(&mut self, ask: Ask) -> Result<u64>;
    /// A reply that has come, if one has.
    ///
    /// # Errors
    /// When no reply will come any more.
    fn reply(&mut self) -> Result<Option<Reply>>;
}

/// What to show.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is searched.
    pub ready: Ready,
    /// What is looked for at first.
    pub first: Option<Query>,
    /// How many pictures to find.
    pub top: usize,
    /// How many wrong matches of an evaluation to show instead of a prompt.
    pub worst: Option<usize>,
    /// How pictures are shown.
    pub images: Images,
}
