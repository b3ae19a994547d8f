//! Evaluators: metrics from embeddings.

use anyhow::{Result, bail};
use tch::Tensor;

use crate::{Dataset, Kind, Task};

/// A data set embedded by a model.
pub trait Embedded {
    /// The data set.
    fn data(&self) -> &dyn Dataset;
    /// L2-normalised embeddings of all images, `[N, D]`, in order.
    ///
    /// # Errors
    /// If a tower fails.
    fn images(&self) -> Result<Tensor>;
    /// L2-normalised embeddings of all captions, `[M, D]`, and the image of each, `[M]` int64.
    ///
    /// # Errors
    /// If a tower fails.
    fn captions(&self) -> Result<(Tensor, Tensor)>;
    /// L2-normalised embeddings of arbitrary texts, `[T, D]`.
    ///
    /// # Errors
    /// If a tower fails.
    fn texts(&self, texts: &[String]) -> Result<Tensor>;
    /// The classifier's logits for all images, `[N, C]`, in order.
    ///
    /// # Errors
    /// If the model has no classifier.
    fn logits(&self) -> Result<Tensor> {
        bail!("the model has no classifier")
    }
}

/// Query and target of a retrieval.
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
    /// The abbreviation in metric names.
    pub fn short(self) -> &'static str {
        match self {
            Self::ImageToText => "i2t",
            Self::TextToImage => "t2i",
            Self::ImageToClass => "i2c",
        }
    }
}

/// The rank (from 0) of the best right answer of every query, stored so that later significance tests need no second
/// evaluation.
#[derive(Debug, Clone)]
pub struct Ranks {
    /// The evaluator, as in metric names.
    pub suite: &'static str,
    /// The direction.
    pub direction: Direction,
    /// One per query, in the order of the data set.
    pub ranks: Vec<u32>,
}

/// The result of an evaluation.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Names such as `retrieval/t2i/hit@1` and their values.
    pub metrics: Vec<(String, f64)>,
    /// Ranks by query.
    pub ranks: Vec<Ranks>,
}

/// Computes metrics from embeddings.
pub trait Evaluator: Send {
    /// Evaluates a model on a data set.
    ///
    /// # Errors
    /// If the data set lacks captions or classes that the evaluator needs.
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation>;
}

/// Properties of an evaluator.
#[derive(Debug, Clone, Default)]
pub struct EvalProperties {
    /// The task whose models it evaluates.
    pub task: Task,
    /// All metrics it may report, including those that only some data sets have; empty if not declared. Used to reject
    /// misspelt goals before a run, and to know which direction is better: of a goal that is not declared, larger values.
    pub metrics: Vec<Metric>,
}

/// A metric that an evaluator may report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// As [`Evaluation::metrics`] names it, such as `retrieval/t2i/hit@1`.
    pub name: String,
    /// The unit; empty for fractions and other numbers without a unit.
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
    /// A fraction, such as an accuracy: no unit, larger is better.
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
    type Properties = EvalProperties;
    type BuildContext<'a> = ();
}
