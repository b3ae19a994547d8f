//! The classifier: image embeddings to class logits.

use anyhow::{Context as _, Result};
use clip_lab_nn::{Linear, LinearInit};
use clip_lab_plan::{self as plan, ClassifierInit, TextSide};
use clip_lab_plugin_api::templates::class_weights;
use tch::{Device, Tensor, nn};

use crate::{
    embed::embed_texts,
    towers::{TextTower, WeightsSource},
    unit::unit,
};

/// A linear classifier on image embeddings.
pub struct Classifier {
    linear: Linear,
    normalise: bool,
}

impl Classifier {
    /// Creates `classifier.*` below `vars` with random weights, for embeddings of width `input`.
    ///
    /// # Errors
    /// If libtorch cannot allocate the weights.
    pub fn build(plan: &plan::Classifier, vars: &nn::VarStore, input: i64, classes: i64) -> Result<Self> {
        let path = vars.root() / "classifier";
        let linear = Linear::new(&path, input, classes, true, LinearInit::normal(0.01))?;
        Ok(Self { linear, normalise: plan.normalises() })
    }

    /// Embeddings `[B, D]` to logits `[B, C]`.
    ///
    /// # Errors
    /// If the width of the embeddings is wrong.
    pub fn logits(&self, embeddings: &Tensor) -> Result<Tensor> {
        match self.normalise {
            true => self.linear.forward(&unit(embeddings)?),
            false => self.linear.forward(embeddings),
        }
    }
}

/// Initialises the classifier below `vars` with zero-shot weights if its plan says so: `scale` times the text tower's
/// L2-normalised embedding of each class, zero biases. The text tower is built for this and dropped.
///
/// # Errors
/// If text tower or tokenizer fail, or there is no text tower.
pub fn init_zero_shot(
    plan: &plan::Classifier,
    text: Option<&TextSide>,
    vars: &nn::VarStore,
    classes: &[String],
) -> Result<()> {
    if plan.init != ClassifierInit::ZeroShot {
        return Ok(());
    }
    let side = text.context("[model.classifier]: zero-shot initialisation needs [model.text]")?;
    let weights = zero_shot_weights(plan, side, vars.device(), classes)?; // [C, D]
    let variables = vars.variables();
    let variable = |name: &str| variables.get(name).context("the classifier has no variables");
    tch::no_grad(|| {
        variable("classifier.weight")?.shallow_clone().f_copy_(&(weights * plan.scale))?;
        let _ = variable("classifier.bias")?.shallow_clone().f_zero_()?;
        Ok(())
    })
}

fn zero_shot_weights(
    plan: &plan::Classifier,
    side: &TextSide,
    device: Device,
    classes: &[String],
) -> Result<Tensor> {
    let vars = nn::VarStore::new(device);
    let tower = TextTower::build(side, &vars, WeightsSource::Spec)?;
    let tokenizer = side.tokenizer.build(()).context("[tokenizer]")?;
    let embed = |texts: &Vec<String>| {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        embed_texts(&tower, tokenizer.as_ref(), side.max_tokens, device, &texts, true)
    };
    class_weights(&plan.templates.fill(classes).iter().map(embed).collect::<Result<Vec<_>>>()?)
}
