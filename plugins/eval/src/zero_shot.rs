//! Zero-shot classification.

use clip_lab_api::prelude::*;

use crate::{
    accuracy::{Classified, accuracies, labelled, pick},
    templates::{Named, Templates},
};

/// Zero-shot classification: each class is written into prompt templates, embedded and averaged, and an image goes to
/// the nearest class. As in CLIP, <https://arxiv.org/abs/2103.00020>, embeddings are unit length before and after the
/// average.
///
/// `top1`, `top5` (when there are more than five classes): share of images whose class is among the first.
/// `mean_per_class`: `top1` of every class, averaged, so that a common class counts no more than a rare one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ZeroShot {
    /// Templates with `{}` where the class goes, or the name of a set: "photo" is "a photo of a {}.", "plain" the class
    /// alone, "openai7" the seven best of CLIP's authors, "openai80" all of theirs.
    pub templates: Templates,
}

impl Default for ZeroShot {
    fn default() -> Self {
        Self { templates: Templates::Named(Named::Photo) }
    }
}

impl Settings for ZeroShot {
    fn check(&self, faults: &mut Faults) {
        let message = "must be one or more sentences, each with {} where the class goes";
        faults.require(self.templates.usable(), "templates", message);
    }
}

impl Plugin<dyn Evaluator> for ZeroShot {
    fn facts(&self) -> EvalFacts {
        EvalFacts { metrics: accuracies("zero_shot"), ..EvalFacts::default() }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Evaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Evaluator for ZeroShot {
    fn evaluate(&self, model: &dyn Embedded) -> Result<Evaluation> {
        self.classify(model)?.evaluation("zero_shot")
    }
}

impl ZeroShot {
    /// What becomes of every image.
    ///
    /// # Errors
    /// When no image has a class, and those of the towers.
    pub fn classify(&self, model: &dyn Embedded) -> Result<Classified> {
        let (pictures, labels) = labelled("zero_shot", model.data())?;
        let texts = self.templates.fill(model.data().classes());
        let texts = texts.iter().map(|texts| model.texts(texts)).collect::<Result<Vec<_>>>()?;
        Classified::new(&pick(&model.images()?, &pictures)?, &class_weights(&texts)?, labels)
    }
}

/// One unit vector for each class, `[C, D]`: the normalised mean over templates of the normalised embeddings.
///
/// `by_template`: for each template the embeddings of its texts, `[C, D]`.
///
/// # Errors
/// When there is no template, or shapes differ.
pub fn class_weights(by_template: &[Tensor]) -> Result<Tensor> {
    ensure!(!by_template.is_empty(), "class weights need at least one template");
    let rows = by_template.iter().map(unit).collect::<Result<Vec<_>>>()?; // each [C, D]
    unit(&Tensor::f_stack(&rows, 0)?.f_mean_dim(0, false, None)?)
}

/// Rows divided by their length.
fn unit(rows: &Tensor) -> Result<Tensor> {
    let length = rows.f_square()?.f_sum_dim_intlist([1i64].as_slice(), true, None)?.f_sqrt()?;
    Ok(rows.f_div(&length.f_clamp_min(1e-12)?)?)
}
