//! `[model.classifier]`: classes in place of captions.

use clip_lab_api::{Faults, Settings};
use plugins_eval::{Named, Templates};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A linear classifier on the image embedding. A spec that has one trains pictures into the classes of `[data.train]`
/// and needs no text tower.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Classifier {
    /// Where its first weights come from: `random`, or `zero_shot`, the text tower's embeddings of the class names.
    /// The text tower of `[model.text]` is then asked once, at the start, and not trained.
    pub init: ClassifierInit,
    /// Scale embeddings to unit length before the classifier. Left out: only with `zero_shot`, which means angles.
    pub normalise: Option<bool>,
    /// With `zero_shot`: templates with `{}` where the class goes, or the name of a set: "photo", "plain", "openai7".
    pub templates: Templates,
    /// With `zero_shot`: factor on the cosine similarities, CLIP's temperature; its trained models end at 100.
    pub scale: f64,
}

/// Where the first weights of a classifier come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassifierInit {
    /// Normal with a standard deviation of 0.01, biases zero: every class is about equally likely at first.
    #[default]
    Random,
    /// The text tower's zero-shot weights.
    ZeroShot,
}

impl Classifier {
    /// Whether embeddings are scaled to unit length first.
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
    fn check(&self, faults: &mut Faults) {
        let words = "must be one or more sentences, each with {} where the class goes";
        faults.require(self.templates.usable(), "templates", words);
        faults.require(self.scale.is_finite() && self.scale > 0.0, "scale", "must be positive");
    }
}
