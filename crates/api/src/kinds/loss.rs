//! Losses over a batch of pairs or of labelled images.

use anyhow::{Result, bail};
use tch::{Tensor, nn};

use crate::Kind;

/// What a model is trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Task {
    /// Images and captions of one shared space, from pairs.
    #[default]
    Contrastive,
    /// Images into classes: an image tower and a classifier.
    Classification,
}

impl Task {
    /// As said in messages: what the task's losses and evaluators look at.
    pub fn looks_at(self) -> &'static str {
        match self {
            Self::Contrastive => "pairs of pictures and captions",
            Self::Classification => "pictures with classes",
        }
    }
}

/// Unit-length embeddings `[B, D]`; row i of one belongs to row i of the other.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Images, `[B, D]`.
    pub image: &'a Tensor,
    /// Captions, `[B, D]`.
    pub text: &'a Tensor,
    /// `[B]` int64: rows with one number show the same image or say the same words, so they are no negatives of each
    /// other. None when nobody knows.
    pub group: Option<&'a Tensor>,
}

impl<'a> Pair<'a> {
    /// Pairs of which nobody knows whether two are alike.
    pub fn new(image: &'a Tensor, text: &'a Tensor) -> Self {
        Self { image, text, group: None }
    }
}

/// What a classifier said of a batch and what is right.
#[derive(Debug, Clone, Copy)]
pub struct Classes<'a> {
    /// `[B, C]`, before any softmax.
    pub logits: &'a Tensor,
    /// `[B, C]`, float: rows sum to one; mixed images belong to several classes in part.
    pub targets: &'a Tensor,
}

/// A loss and what goes into the record beside it. Values stay on the device until the recorder asks.
#[derive(Debug)]
pub struct Scored {
    /// The scalar to differentiate.
    pub loss: Tensor,
    /// Scalars to record, by name.
    pub report: Vec<(&'static str, Tensor)>,
}

impl Scored {
    /// A loss with nothing beside it.
    pub fn new(loss: Tensor) -> Self {
        Self { loss, report: Vec::new() }
    }

    /// Adds a scalar to record as `train/<name>`.
    pub fn with(mut self, name: &'static str, value: &Tensor) -> Self {
        self.report.push((name, value.detach()));
        self
    }
}

/// Scores a batch: of pairs or of labelled images, as its [`LossFacts`] say. It writes one of the two methods.
pub trait Loss: Send {
    /// The loss of a batch of pairs.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn score(&self, _pair: &Pair) -> Result<Scored> {
        bail!("this loss scores classes, not pairs")
    }
    /// The loss of a batch of labelled images.
    ///
    /// # Errors
    /// When the shapes do not fit.
    fn score_classes(&self, _classes: &Classes) -> Result<Scored> {
        bail!("this loss scores pairs, not classes")
    }
    /// Holds the loss's own parameters within their bounds; called after every update.
    fn clamp(&self) {}
}

/// Where a loss is built.
pub struct LossScope<'a> {
    /// Where its variables go.
    pub vars: nn::Path<'a>,
    /// Pairs in a batch.
    pub batch: i64,
}

/// What a loss's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct LossFacts {
    /// What it scores.
    pub task: Task,
}

impl Kind for dyn Loss {
    const NAME: &'static str = "loss";
    type Facts = LossFacts;
    type Scope<'a> = LossScope<'a>;
}
