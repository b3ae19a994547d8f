//! Accuracy of a classifier.

use clip_lab_api::prelude::*;

use crate::accuracy::{Classified, accuracies, labelled, pick};

/// Accuracy of a model with a classifier.
///
/// `top1`, `top5` (when there are more than five classes): share of images whose class is among the first.
/// `mean_per_class`: `top1` of every class, averaged, so that a common class counts no more than a rare one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Classification {}

impl Settings for Classification {}

impl Plugin<dyn Evaluator> for Classification {
    fn facts(&self) -> EvalFacts {
        EvalFacts { task: Task::Classification, metrics: accuracies("classification") }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Evaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Evaluator for Classification {
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation> {
        self.classify(model)?.evaluation("classification")
    }
}

impl Classification {
    /// What becomes of every image.
    ///
    /// # Errors
    /// When no image has a class, or the model no classifier.
    pub fn classify(&self, model: &dyn Embedded) -> Result<Classified> {
        let (pictures, labels) = labelled("classification", model.data())?;
        let logits = pick(&model.logits()?, &pictures)?; // [N, C]
        let classes = logits.size()[1];
        // Each class asks with its own axis, so a score is the logit itself, to the bit.
        let axes = Tensor::f_eye(classes, (logits.kind(), logits.device()))?;
        Classified::new(&logits, &axes, labels)
    }
}
