//! Losses over a batch of pairs or of labelled images.

use std::fmt;

use anyhow::Result;
use tch::{Tensor, nn};

use super::StripedLoss;
use crate::Kind;

/// The task that a model is trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Task {
    /// Images and captions in a shared embedding space, trained on pairs.
    #[default]
    Contrastive,
    /// Image classification: an image tower and a classifier.
    Classification,
}

impl Task {
    /// The inputs of the task's losses and evaluators, for messages.
    pub fn inputs(self) -> &'static str {
        match self {
            Self::Contrastive => "pairs of images and captions",
            Self::Classification => "images with classes",
        }
    }
}

/// L2-normalised embeddings `[B, D]`; row i of one matches row i of the other.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Image embeddings, `[B, D]`.
    pub image: &'a Tensor,
    /// Caption embeddings, `[B, D]`.
    pub text: &'a Tensor,
    /// `[B]` int64: rows with equal numbers have the same image or the same caption, so they are not negatives of each
    /// other. None if unknown.
    pub group: Option<&'a Tensor>,
}

impl<'a> Pair<'a> {
    /// Pairs without known duplicates.
    pub fn new(image: &'a Tensor, text: &'a Tensor) -> Self {
        Self { image, text, group: None }
    }
}

/// A classifier's logits and their targets.
#[derive(Debug, Clone, Copy)]
pub struct Classes<'a> {
    /// `[B, C]`, before the softmax.
    pub logits: &'a Tensor,
    /// `[B, C]`, float: rows sum to one; soft for mixed images.
    pub targets: &'a Tensor,
}

/// A loss and scalars to record with it. Values stay on the device until they are read, before the update.
#[derive(Debug)]
pub struct Scored {
    /// The scalar loss.
    pub loss: Tensor,
    /// Scalars to record, by name.
    pub report: Vec<(&'static str, Tensor)>,
}

impl Scored {
    /// A loss without further scalars.
    pub fn new(loss: Tensor) -> Self {
        Self { loss, report: Vec::new() }
    }

    /// Adds a scalar, recorded as `train/<name>`.
    pub fn with(mut self, name: &'static str, value: &Tensor) -> Self {
        self.report.push((name, value.detach()));
        self
    }
}

/// A loss over a batch of image-caption pairs.
pub trait PairLoss: Send {
    /// The loss of a batch, with gradients for the embeddings and for the loss's own parameters.
    ///
    /// # Errors
    /// If the shapes do not fit.
    fn score(&self, pair: &Pair) -> Result<Scored>;
    /// The form for several processes that divides the work; none if each process computes the loss of the whole batch, from
    /// the embeddings of all.
    fn striped(&self) -> Option<&dyn StripedLoss> {
        None
    }
    /// Clamps the loss's own parameters to their bounds; called after every update.
    fn clamp(&self) {}
}

/// A loss over a batch of labelled images.
pub trait ClassLoss: Send {
    /// The loss of a batch: a mean over its images, so that micro-batches add up to it.
    ///
    /// # Errors
    /// If the shapes do not fit.
    fn score(&self, classes: &Classes) -> Result<Scored>;
    /// Clamps the loss's own parameters to their bounds; called after every update.
    fn clamp(&self) {}
}

/// A loss, by the task that it trains.
pub enum Loss {
    /// A loss over pairs, for [`Task::Contrastive`].
    Pairs(Box<dyn PairLoss>),
    /// A loss over classes, for [`Task::Classification`].
    Classes(Box<dyn ClassLoss>),
}

impl Loss {
    /// A loss over pairs, as [`Plugin::build`](crate::Plugin::build) returns it.
    pub fn pairs(loss: impl PairLoss + 'static) -> Box<Self> {
        Box::new(Self::Pairs(Box::new(loss)))
    }

    /// A loss over labelled images, as [`Plugin::build`](crate::Plugin::build) returns it.
    pub fn classes(loss: impl ClassLoss + 'static) -> Box<Self> {
        Box::new(Self::Classes(Box::new(loss)))
    }

    /// The task that it trains.
    pub fn task(&self) -> Task {
        match self {
            Self::Pairs(_) => Task::Contrastive,
            Self::Classes(_) => Task::Classification,
        }
    }

    /// Clamps the loss's own parameters to their bounds.
    pub fn clamp(&self) {
        match self {
            Self::Pairs(loss) => loss.clamp(),
            Self::Classes(loss) => loss.clamp(),
        }
    }
}

impl fmt::Debug for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a loss over {}", self.task().inputs())
    }
}

/// Build context of a loss.
pub struct LossContext<'a> {
    /// The path for its variables.
    pub vars: nn::Path<'a>,
    /// Pairs per batch.
    pub batch: i64,
}

/// Properties of a loss.
#[derive(Debug, Clone, Default)]
pub struct LossProperties {
    /// The task: that of the built [`Loss`].
    pub task: Task,
    /// Whether it takes [`Pair::group`] into account, so that equal images or captions are no negatives of each other.
    pub groups: bool,
    /// Whether every pair is scored by itself, as SigLIP does, so that small batches train as well as large ones.
    pub per_pair: bool,
    /// A bias on the logits that is fixed by the settings. One that suits a batch of B pairs is -ln(B - 1).
    pub bias: Option<f64>,
}

impl Kind for Loss {
    const NAME: &'static str = "loss";
    type Properties = LossProperties;
    type BuildContext<'a> = LossContext<'a>;
}
