//! `[model.classifier]`: trains on classes in place of captions.

use clip_lab_plugin_api::{
    Problems, Settings,
    templates::{Named, Templates},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A linear classifier on the image embeddings. A spec with one trains image classification on the classes of
/// `[data.train]` and needs no text tower.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Classifier {
    /// Initial weights: `random`, or `zero_shot`, the text tower's embeddings of the class names. The text tower of
    /// `[model.text]` is then evaluated once, at the start, and not trained.
    pub init: ClassifierInit,
    /// L2-normalise embeddings before the classifier. Default: only with `zero_shot`, whose logits are cosine
    /// similarities.
    pub normalise: Option<bool>,
    /// With `zero_shot`: prompt templates with `{}` for the class, or the name of a set: "photo", "plain", "openai7" or
    /// "openai80".
    pub templates: Templates,
    /// With `zero_shot`: logit scale (inverse temperature) of the cosine similarities; OpenAI's CLIP models have 100.
    pub scale: f64,
}

/// Initial weights of a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassifierInit {
    /// Normal with a standard deviation of 0.01, biases zero: all classes are about equally likely at first.
    #[default]
    Random,
    /// The text tower's zero-shot weights.
    ZeroShot,
}

impl Classifier {
    /// Whether embeddings are L2-normalised first.
    pub fn normalises(&self) -> bool {
        self.normalise.unwrap_or(self.init == ClassifierInit::ZeroShot)
    }
}

impl Default for Classifier {
    fn default() -> Self {
        Self {
            init: ClassifierInit::Random,
            normalise: None,
            templates: Templates::Named(Named::Photo),
            scale: 100.0,
        }
    }
}

impl Settings for Classifier {
    fn check(&self, problems: &mut Problems) {
        let message = "must be one or more templates, each with {} for the class";
        problems.require(self.templates.usable(), "templates", message);
        problems.require(self.scale.is_finite() && self.scale > 0.0, "scale", "must be positive");
    }
}
