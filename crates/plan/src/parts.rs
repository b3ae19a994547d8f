//! The parts of a plan.

use clip_lab_plugin_api::{
    Augment, Dataset, Evaluator, ImageEncoder, Loss, Optimizer, Planned, Projection, Schedule, Task,
    TextEncoder, Tokenizer, Trick,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Classifier, Preprocess, Run};
use clip_lab_checkpoint::Weights;
use clip_lab_spec::Source;

/// A whole run with every setting read and checked; no tensor is made and no image is read yet.
#[derive(Debug)]
pub struct Plan {
    /// Name of the run.
    pub name: String,
    /// Purpose of the run.
    pub description: Option<String>,
    /// Length, batch, device, cadence.
    pub run: Run,
    /// The data sets.
    pub data: DataPlan,
    /// Augmentations of training images, in order; empty: training uses the evaluation preprocessing.
    pub augment: Vec<Planned<dyn Augment>>,
    /// The image side of the model.
    pub image: ImageSide,
    /// The text side of the model. With a classifier it only provides the initial weights.
    pub text: Option<TextSide>,
    /// The classifier, when the task is classification.
    pub classifier: Option<Classifier>,
    /// The loss.
    pub loss: Planned<Loss>,
    /// Checkpoint of the loss's own parameters; none: initialised from the settings.
    pub loss_weights: Option<Weights>,
    /// The optimizer.
    pub optimizer: Planned<dyn Optimizer>,
    /// The learning-rate schedule.
    pub schedule: Planned<dyn Schedule>,
    /// Tricks in the order of the spec.
    pub tricks: Vec<Planned<dyn Trick>>,
    /// Evaluators, each with the splits it runs on.
    pub evals: Vec<EvalPlan>,
    /// The spec's text.
    pub source: Source,
    /// Every setting with its value and origin.
    pub config: Vec<Setting>,
}

impl Plan {
    /// The task the model is trained for.
    pub fn task(&self) -> Task {
        if self.classifier.is_some() { Task::Classification } else { Task::Contrastive }
    }
}

/// Only the model of a spec, as embedding needs it. Either side may be missing.
#[derive(Debug)]
pub struct ModelPlan {
    /// The image side.
    pub image: Option<ImageSide>,
    /// The text side.
    pub text: Option<TextSide>,
    /// The spec's text.
    pub source: Source,
}

/// Images to embeddings.
#[derive(Debug)]
pub struct ImageSide {
    /// Decoded images to the tower's input.
    pub preprocess: Preprocess,
    /// The tower.
    pub encoder: Planned<dyn ImageEncoder>,
    /// Its pretrained weights; none: random initialisation.
    pub weights: Option<Weights>,
    /// Its projection.
    pub head: Head,
}

/// Texts to embeddings.
#[derive(Debug)]
pub struct TextSide {
    /// The tokenizer.
    pub tokenizer: Planned<dyn Tokenizer>,
    /// Texts are truncated to this many tokens.
    pub max_tokens: usize,
    /// The tower.
    pub encoder: Planned<dyn TextEncoder>,
    /// Its pretrained weights; none: random initialisation.
    pub weights: Option<Weights>,
    /// Its projection.
    pub head: Head,
}

/// A projection into the shared space.
#[derive(Debug)]
pub struct Head {
    /// The projection.
    pub projection: Planned<dyn Projection>,
    /// Its pretrained weights; none: random initialisation.
    pub weights: Option<Weights>,
    /// Width of the input features.
    pub input: i64,
    /// Width of the output embeddings.
    pub dim: i64,
}

/// The data sets of a run.
#[derive(Debug)]
pub struct DataPlan {
    /// Training data.
    pub train: Planned<dyn Dataset>,
    /// Evaluated during training, for model selection.
    pub val: Option<Planned<dyn Dataset>>,
    /// Evaluated once, at the end, for the reported results.
    pub test: Option<Planned<dyn Dataset>>,
}

impl DataPlan {
    /// The data set of a split, if the spec has it.
    pub fn split(&self, split: Split) -> Option<&Planned<dyn Dataset>> {
        match split {
            Split::Val => self.val.as_ref(),
            Split::Test => self.test.as_ref(),
        }
    }
}

/// An evaluator and the splits it runs on.
#[derive(Debug)]
pub struct EvalPlan {
    /// The splits, in order; the spec has each of them.
    pub on: Vec<Split>,
    /// The evaluator.
    pub evaluator: Planned<dyn Evaluator>,
}

/// A split that is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// `[data.val]`.
    Val,
    /// `[data.test]`.
    Test,
}

impl Split {
    /// As specs and metric names write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// One setting of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Dotted key, such as `optimizer.lr`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// `default`, `FILE:LINE`, `override` (by `--set`), `checkpoint` (by `from`) or `environment` (a root of data).
    pub origin: String,
}
