//! Evaluators: numbers from embeddings.

use anyhow::Result;
use tch::Tensor;

use crate::{Dataset, Kind};

/// A data set seen through a model.
pub trait Embedded {
    /// The data set.
    fn data(&self) -> &dyn Dataset;
    /// Unit-length embeddings of all pictures, `[N, D]`, in order.
    ///
    /// # Errors
    /// Those of the towers.
    fn images(&self) -> Result<Tensor>;
    /// Unit-length embeddings of all captions, `[M, D]`, and the picture that each belongs to, `[M]` int64.
    ///
    /// # Errors
    /// Those of the towers.
    fn captions(&self) -> Result<(Tensor, Tensor)>;
    /// Unit-length embeddings of any texts, `[T, D]`.
    ///
    /// # Errors
    /// Those of the towers.
    fn texts(&self, texts: &[String]) -> Result<Tensor>;
}

/// Which way a retrieval went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a picture to its captions, `i2t`.
    ImageToText,
    /// From a caption to its picture, `t2i`.
    TextToImage,
}

impl Direction {
    /// As metric names write it.
    pub fn short(self) -> &'static str {
        match self {
            Self::ImageToText => "i2t",
            Self::TextToImage => "t2i",
        }
    }
}

/// The rank (from 0) of the best right answer of every query, kept so that later tests need no second run.
#[derive(Debug, Clone)]
pub struct Ranks {
    /// Which way.
    pub direction: Direction,
    /// One for each query, in the order of the data set.
    pub ranks: Vec<u32>,
}

/// What an evaluation found.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Names such as `retrieval/t2i/hit@1` and their values.
    pub metrics: Vec<(String, f64)>,
    /// Ranks by query.
    pub ranks: Vec<Ranks>,
}

/// Turns embeddings into numbers.
pub trait Evaluator: Send {
    /// Evaluates a model on a data set.
    ///
    /// # Errors
    /// When the data set lacks what it needs.
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation>;
}

impl Kind for dyn Evaluator {
    const NAME: &'static str = "evaluator";
    type Facts = ();
    type Scope<'a> = ();
}
