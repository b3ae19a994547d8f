//! What to show on the screen, and how the screen was left.

use std::path::PathBuf;

use crate::{images::Images, keys::Keys};
use clip_lab_chart::{filter::Filter, layout::Layout};

/// What to show.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's file.
    pub store: PathBuf,
    /// The views and their panels.
    pub layout: Layout,
    /// Which runs to show; an empty filter shows all recent ones.
    pub runs: Filter,
    /// The run selected at first, by uid.
    pub focus: Option<String>,
    /// How images are drawn.
    pub images: Images,
    /// The keys, see [`keys::file::read`](crate::keys::file::read).
    pub keys: Keys,
    /// Whether this process started that run; leaving then asks whether to stop it.
    pub child: bool,
    /// A message shown in the last line until the first key.
    pub note: Option<String>,
}

/// How the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Runs continue.
    Left,
    /// The terminal was closed, so nothing can be printed. Runs continue.
    Gone,
    /// The run in [`Options::focus`] should stop at its next checkpoint; the caller sends the request.
    StopRequested,
}
