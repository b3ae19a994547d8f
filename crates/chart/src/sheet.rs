//! Contact sheets of search results, drawn as PNG.

mod png;

use std::sync::Arc;

pub use png::png;

/// A contact sheet: blocks stacked vertically.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// The gallery and the model.
    pub title: String,
    /// Text below the title; may be empty.
    pub note: String,
    /// One block per query.
    pub blocks: Vec<Block>,
}

/// A query and its results.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The query as text.
    pub head: String,
    /// Text beside it; may be empty.
    pub note: String,
    /// The query image, if any.
    pub query: Option<Jpeg>,
    /// The results, best first.
    pub cells: Vec<Cell>,
}

/// A result.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its rank, from 1.
    pub rank: u32,
    /// Its score.
    pub score: f32,
    /// Whether it is a correct match, if known.
    pub right: Option<bool>,
    /// The name of an image, or a caption.
    pub text: String,
    /// The thumbnail; none for a caption or an unreadable image.
    pub jpeg: Option<Jpeg>,
}

/// The bytes of a JPEG file.
pub type Jpeg = Arc<[u8]>;

impl Block {
    /// Whether its results are captions.
    pub fn of_texts(&self) -> bool {
        !self.cells.is_empty() && self.cells.iter().all(|cell| cell.jpeg.is_none())
    }
}

impl Cell {
    /// Rank and score as text.
    pub fn label(&self) -> String {
        format!("{}  {:.3}", self.rank, self.score)
    }
}
