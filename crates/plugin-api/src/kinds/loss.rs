//! Losses over a batch of pairs or of labelled images.

use anyhow::{Result, bail};
use tch::{Tensor, nn};

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
    pub fn looks_at(self) -> &'static str {
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

/// A loss and scalars to record with it. Values stay on the device until they are recorded.
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

/// Computes the loss of a batch: of pairs or of labelled images, as declared in its [`LossProperties`]. Implement one of the
/// two methods.
pub trait Loss: Send {
    /// The loss of a batch of pairs.
    ///
    /// # Errors
    /// If the shapes do not fit.
    fn score(&self, _pair: &Pair) -> Result<Scored> {
        bail!("this loss scores classes, not pairs")
    }
    /// The loss of a batch of labelled images.
    ///
    /// # Errors
    /// If the shapes do not fit.
    fn score_classes(&self, _classes: &Classes) -> Result<Scored> {
        bail!("this loss scores pairs, not classes")
    }
    /// Clamps the loss's own parameters to their bounds; called after every update.
    fn clamp(&self) {}
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
    /// The task.
    pub task: Task,
    /// Whether it takes [`Pair::group`] into account, so that equal images or captions are no negatives of each other.
    pub groups: bool,
    /// Whether every pair is scored by itself, as SigLIP does, so that small batches train as well as large ones.
    pub per_pair: bool,
    /// A bias on the logits that is fixed by the settings. One that suits a batch of B pairs is -ln(B - 1).
    pub bias: Option<f64>,
}

impl Kind for dyn Loss {
    const NAME: &'static str = "loss";
    type Properties = LossProperties;
    type BuildContext<'a> = LossContext<'a>;
}
