//! Accuracy of a classifier.

use clip_lab_plugin_api::prelude::*;

use crate::accuracy::{Classified, accuracies, labelled, pick};

/// Accuracy of a model with a classifier.
///
/// `top1`, `top5` (only with more than five classes): fraction of images whose class is among the first k.
/// `mean_per_class`: `top1` of every class, averaged over classes, so that frequent classes do not dominate.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Classification {}

impl Settings for Classification {}

impl Plugin<dyn Evaluator> for Classification {
    fn properties(&self) -> EvalProperties {
        EvalProperties { task: Task::Classification, metrics: accuracies("classification") }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Evaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Evaluator for Classification {
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation> {
        self.classify(model)?.evaluation("classification")
    }
}

impl Classification {
    /// The prediction for every labelled image.
    ///
    /// # Errors
    /// If no image has a class, or the model no classifier.
    pub fn classify(&self, model: &dyn Embedded) -> Result<Classified> {
        let (images, labels) = labelled("classification", model.data())?;
        let logits = pick(&model.logits()?, &images)?; // [N, C]
        let classes = logits.size()[1];
        // With one-hot class embeddings each score is exactly the logit.
        let axes = Tensor::f_eye(classes, (logits.kind(), logits.device()))?;
        Classified::new(&logits, &axes, labels)
    }
}
