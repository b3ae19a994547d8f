//! Answers with their pictures: a contact sheet as a PNG, or printed in the terminal.

mod png;
mod show;

use std::sync::Arc;

pub use png::png;
pub use show::show;

/// Blocks of pictures, one below the other.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// What was searched, with what.
    pub title: String,
    /// Said below the title; may be empty.
    pub note: String,
    /// One for each query.
    pub blocks: Vec<Block>,
}

/// A query and its answers.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The query in words.
    pub head: String,
    /// Said beside it; may be empty.
    pub note: String,
    /// The picture that asked, if one did.
    pub asked: Option<Jpeg>,
    /// The answers, the best first.
    pub cells: Vec<Cell>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its rank, counted from 1.
    pub rank: u32,
    /// Its score.
    pub score: f32,
    /// Whether it is right, where that is known.
    pub right: Option<bool>,
    /// What a picture is called, or a text.
    pub words: String,
    /// The picture; none of a text, and where it could not be made.
    pub jpeg: Option<Jpeg>,
}

/// The bytes of a JPEG file.
pub type Jpeg = Arc<[u8]>;

impl Block {
    /// Whether its answers are texts.
    pub fn of_texts(&self) -> bool {
        !self.cells.is_empty() && self.cells.iter().all(|cell| cell.jpeg.is_none())
    }
}

impl Cell {
    /// Rank and score.
    pub fn label(&self) -> String {
        format!("{}  {:.3}", self.rank, self.score)
    }
}
