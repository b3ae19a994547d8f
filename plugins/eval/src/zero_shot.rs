//! Zero-shot classification.

use clip_lab_plugin_api::{
    prelude::*,
    templates::{Named, Templates, class_weights},
};

use crate::accuracy::{Classified, accuracies, labelled, pick};

/// Zero-shot classification: class names are inserted into prompt templates, embedded and averaged, and each image is
/// assigned to the nearest class. As in CLIP, <https://arxiv.org/abs/2103.00020>, embeddings are L2-normalised before
/// and after averaging.
///
/// `top1`, `top5` (only with more than five classes): fraction of images whose class is among the first k.
/// `mean_per_class`: `top1` of every class, averaged over classes, so that frequent classes do not dominate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ZeroShot {
    /// Prompt templates with `{}` for the class, or the name of a set: "photo" is "a photo of a {}.", "plain" the class
    /// alone, "openai7" the seven best of CLIP's authors, "openai80" all of theirs.
    pub templates: Templates,
}

impl Default for ZeroShot {
    fn default() -> Self {
        Self { templates: Templates::Named(Named::Photo) }
    }
}

impl Settings for ZeroShot {
    fn check(&self, problems: &mut Problems) {
        let message = "must be one or more sentences, each with {} for the class";
        problems.require(self.templates.usable(), "templates", message);
    }
}

impl Plugin<dyn Evaluator> for ZeroShot {
    fn properties(&self) -> EvalProperties {
        EvalProperties { metrics: accuracies("zero_shot"), ..EvalProperties::default() }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Evaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Evaluator for ZeroShot {
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation> {
        self.classify(model)?.evaluation("zero_shot")
    }
}

impl ZeroShot {
    /// The prediction for every labelled image.
    ///
    /// # Errors
    /// If no image has a class, or a tower fails.
    pub fn classify(&self, model: &dyn Embedded) -> Result<Classified> {
        let (images, labels) = labelled("zero_shot", model.data())?;
        let texts = self.templates.fill(model.data().classes());
        let texts = texts.iter().map(|texts| model.texts(texts)).collect::<Result<Vec<_>>>()?;
        Classified::new(&pick(&model.images()?, &images)?, &class_weights(&texts)?, labels)
    }
}
