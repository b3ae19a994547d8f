//! Evaluators: numbers from embeddings.

use anyhow::{Result, bail};
use tch::Tensor;

use crate::{Dataset, Kind, Task};

/// A data set seen through a model.
pub trait Embedded {
    /// The data set.
    fn data(&self) -> &dyn Dataset;
    /// Unit-length embeddings of all images, `[N, D]`, in order.
    ///
    /// # Errors
    /// Those of the towers.
    fn images(&self) -> Result<Tensor>;
    /// Unit-length embeddings of all captions, `[M, D]`, and the image that each belongs to, `[M]` int64.
    ///
    /// # Errors
    /// Those of the towers.
    fn captions(&self) -> Result<(Tensor, Tensor)>;
    /// Unit-length embeddings of any texts, `[T, D]`.
    ///
    /// # Errors
    /// Those of the towers.
    fn texts(&self, texts: &[String]) -> Result<Tensor>;
    /// What the classifier says of all images, `[N, C]`, in order.
    ///
    /// # Errors
    /// When the model has no classifier.
    fn logits(&self) -> Result<Tensor> {
        bail!("the model has no classifier")
    }
}

/// Who asks for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From an image to its captions, `i2t`.
    ImageToText,
    /// From a caption to its image, `t2i`.
    TextToImage,
    /// From an image to its class, `i2c`.
    ImageToClass,
}

impl Direction {
    /// As metric names write it.
    pub fn short(self) -> &'static str {
        match self {
            Self::ImageToText => "i2t",
            Self::TextToImage => "t2i",
            Self::ImageToClass => "i2c",
        }
    }
}

/// The rank (from 0) of the best right answer of every query, kept so that later tests need no second run.
#[derive(Debug, Clone)]
pub struct Ranks {
    /// The evaluator that ranked, as metric names write it.
    pub suite: &'static str,
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

/// What an evaluator's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct EvalFacts {
    /// The task whose models it can look at.
    pub task: Task,
    /// Every metric that it may report, those that only some data have too; empty when it does not say. With it a
    /// misspelt goal is found before a run.
    pub metrics: Vec<Metric>,
}

/// A metric that an evaluator may report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// As [`Evaluation::metrics`] names it, such as `retrieval/t2i/hit@1`.
    pub name: String,
    /// What it counts; empty for shares and other numbers without a unit.
    pub unit: &'static str,
    /// Which direction is better.
    pub better: Better,
}

/// Which direction of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Larger numbers.
    Higher,
    /// Smaller numbers.
    Lower,
}

impl Metric {
    /// A share, an accuracy or the like: no unit, larger is better.
    pub fn share(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: "", better: Better::Higher }
    }

    /// A rank, counted from 1: smaller is better.
    pub fn rank(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: "rank", better: Better::Lower }
    }
}

impl Kind for dyn Evaluator {
    const NAME: &'static str = "evaluator";
    type Facts = EvalFacts;
    type Scope<'a> = ();
}
