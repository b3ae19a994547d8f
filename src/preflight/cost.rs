//! Parameters, floating-point operations and memory.

use anyhow::Result;
use clip_lab_plugin_api::Mode;
use clip_lab_torch_ext::count_flops;
use serde::Serialize;
use tch::{Device, Kind, Tensor};

use super::{memory::Memory, synthetic_batch::SyntheticBatch};

use crate::{
    model::Objective,
    plan::Plan,
    train::{Components, Inputs, count},
};

/// Items of the synthetic batch whose FLOPs are counted: batch norm needs more than one.
const ROWS: i64 = 2;
/// Batches whose captions are sampled for the length of texts.
const SAMPLED_BATCHES: usize = 8;

/// Cost of a run.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// Towers, projections, classifier and loss.
    pub parts: Vec<Part>,
    /// Tokens per text, padded to the longest of a typical batch; 0 without texts.
    pub tokens: i64,
    /// FLOPs per sample, forward and backward, with the run's settings.
    pub train_flops_per_sample: u64,
    /// Peak memory in training.
    pub memory: Memory,
}

/// A part of the model.
#[derive(Debug, Serialize)]
pub struct Part {
    /// Its name in the spec.
    pub name: &'static str,
    /// Plugin name.
    pub plugin: String,
    /// All parameters, trained or locked.
    pub parameters: usize,
    /// Trained parameters.
    pub trained: usize,
    /// FLOPs per sample in the forward pass.
    pub forward_flops: u64,
}

impl Cost {
    /// Counts parameters and FLOPs and measures memory. `before` is the process's memory before the model was built.
    /// Makes an optimizer update, so the components must not be trained afterwards.
    ///
    /// # Errors
    /// If a tower, the loss or the optimizer fails.
    pub fn of(plan: &Plan, inputs: &Inputs, components: &mut Components, before: u64) -> Result<Self> {
        let tokens = typical_length(plan, inputs)?;
        let batch = SyntheticBatch::new(plan, inputs, components, tokens, ROWS)?;
        let parts = parts(plan, components, &batch)?;
        let (step, flops) = count_flops(|| batch.forward_backward(plan, components))?;
        step?;
        let memory = Memory::of(plan, inputs, components, tokens, before)?;
        Ok(Self { parts, tokens, train_flops_per_sample: flops / ROWS as u64, memory })
    }
}

fn parts(plan: &Plan, components: &Components, batch: &SyntheticBatch) -> Result<Vec<Part>> {
    let part = |name: &'static str, plugin: &str, forward: &dyn Fn() -> Result<Tensor>| -> Result<Part> {
        let (result, flops) = count_flops(|| tch::no_grad(forward))?;
        drop(result?);
        let (trained, parameters) = count(&components.params, &format!("{name}."));
        Ok(Part { name, plugin: plugin.to_owned(), parameters, trained, forward_flops: flops / ROWS as u64 })
    };
    let features = |width: i64| Tensor::f_rand([ROWS, width], (Kind::Float, Device::Cpu));
    let image = || components.image.features(batch.images(), Mode::Eval);
    let head = &plan.image.head;
    let projected = || components.image.project(&features(head.input)?, Mode::Eval);
    let mut parts = vec![
        part("image", plan.image.encoder.name, &image)?,
        part("image_projection", head.projection.name, &projected)?,
    ];
    match (&components.objective, &plan.text) {
        (Objective::Texts(tower), Some(side)) => {
            let text = || tower.features(&batch.batch.tokens, Mode::Eval);
            let projected = || tower.project(&features(side.head.input)?, Mode::Eval);
            parts.push(part("text", side.encoder.name, &text)?);
            parts.push(part("text_projection", side.head.projection.name, &projected)?);
        }
        (Objective::Classes(classifier), _) => {
            let logits = || classifier.logits(&features(head.dim)?);
            parts.push(part("classifier", "linear", &logits)?);
        }
        (Objective::Texts(_), None) => {}
    }
    Ok(parts)
}

/// Length of the longest text of a typical batch in tokens: the mean over a few batches of their maximum.
fn typical_length(plan: &Plan, inputs: &Inputs) -> Result<i64> {
    let (Some(tokenizer), Some(side)) = (&inputs.tokenizer, &plan.text) else { return Ok(0) };
    let images = inputs.train.len().min(SAMPLED_BATCHES * plan.run.batch.min(1024));
    let texts = (0..images).filter_map(|image| inputs.train.captions(image).first());
    let lengths = texts.map(|text| Ok(tokenizer.encode(text, side.max_tokens)?.len() as i64));
    let lengths = lengths.collect::<Result<Vec<_>>>()?;
    let longest: Vec<i64> =
        lengths.chunks(plan.run.batch.max(1)).filter_map(|batch| batch.iter().max().copied()).collect();
    Ok(longest.iter().sum::<i64>() / (longest.len() as i64).max(1))
}
