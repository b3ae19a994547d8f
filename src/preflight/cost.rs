//! Parameters, floating-point operations and memory.

use anyhow::Result;
use clip_lab_api::Mode;
use clip_lab_torch::count_flops;
use serde::Serialize;
use tch::{Device, Kind, Tensor};

use super::{made_up::MadeUp, memory::Memory};

use crate::{
    model::Against,
    plan::Plan,
    train::{Feed, Rig, count},
};

/// Items of the made-up batch that is counted: batch norm needs more than one.
const ROWS: i64 = 2;
/// Batches whose captions tell how long texts are.
const LOOKED_AT: usize = 8;

/// What a run costs.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// Towers, projections, classifier and loss.
    pub parts: Vec<Part>,
    /// Tokens of a text: the longest of a typical batch, to which the others are padded; 0 without texts.
    pub tokens: i64,
    /// Floating-point operations of one item, forward and backward, as the run computes it.
    pub train_flops_per_sample: u64,
    /// Memory while training.
    pub memory: Memory,
}

/// A part of the model.
#[derive(Debug, Serialize)]
pub struct Part {
    /// Its name in the spec.
    pub name: &'static str,
    /// The plugin.
    pub plugin: String,
    /// Numbers that are learnt or locked.
    pub parameters: usize,
    /// Those that are learnt.
    pub trained: usize,
    /// Floating-point operations of one item in the forward pass.
    pub forward_flops: u64,
}

impl Cost {
    /// Counts and measures. `before` is what the process held before the model was built. The rig has made an update
    /// afterwards: it is used up.
    ///
    /// # Errors
    /// Those of towers, loss and optimizer.
    pub fn of(plan: &Plan, feed: &Feed, rig: &mut Rig, before: u64) -> Result<Self> {
        let tokens = typical_length(plan, feed)?;
        let made_up = MadeUp::new(plan, feed, rig, tokens, ROWS)?;
        let parts = parts(plan, rig, &made_up)?;
        let (step, flops) = count_flops(|| made_up.forward_backward(plan, rig))?;
        step?;
        let memory = Memory::of(plan, feed, rig, tokens, before)?;
        Ok(Self { parts, tokens, train_flops_per_sample: flops / ROWS as u64, memory })
    }
}

fn parts(plan: &Plan, rig: &Rig, made_up: &MadeUp) -> Result<Vec<Part>> {
    let part = |name: &'static str, plugin: &str, forward: &dyn Fn() -> Result<Tensor>| -> Result<Part> {
        let (result, flops) = count_flops(|| tch::no_grad(forward))?;
        drop(result?);
        let (trained, parameters) = count(&rig.params, &format!("{name}."));
        Ok(Part { name, plugin: plugin.to_owned(), parameters, trained, forward_flops: flops / ROWS as u64 })
    };
    let features = |width: i64| Tensor::f_rand([ROWS, width], (Kind::Float, Device::Cpu));
    let image = || rig.image.features(made_up.images(), Mode::Eval);
    let head = &plan.image.head;
    let projected = || rig.image.project(&features(head.input)?, Mode::Eval);
    let mut parts = vec![
        part("image", plan.image.encoder.name, &image)?,
        part("image_projection", head.projection.name, &projected)?,
    ];
    match (&rig.against, &plan.text) {
        (Against::Texts(tower), Some(side)) => {
            let text = || tower.features(&made_up.batch.tokens, Mode::Eval);
            let projected = || tower.project(&features(side.head.input)?, Mode::Eval);
            parts.push(part("text", side.encoder.name, &text)?);
            parts.push(part("text_projection", side.head.projection.name, &projected)?);
        }
        (Against::Classes(classifier), _) => {
            let logits = || classifier.logits(&features(head.dim)?);
            parts.push(part("classifier", "linear", &logits)?);
        }
        (Against::Texts(_), None) => {}
    }
    Ok(parts)
}

/// The longest text of a typical batch, in tokens: the mean over a few batches of their longest.
fn typical_length(plan: &Plan, feed: &Feed) -> Result<i64> {
    let (Some(tokenizer), Some(side)) = (&feed.tokenizer, &plan.text) else { return Ok(0) };
    let pictures = feed.train.len().min(LOOKED_AT * plan.run.batch.min(1024));
    let texts = (0..pictures).filter_map(|picture| feed.train.captions(picture).first());
    let lengths = texts.map(|text| Ok(tokenizer.encode(text, side.max_tokens)?.len() as i64));
    let lengths = lengths.collect::<Result<Vec<_>>>()?;
    let longest: Vec<i64> =
        lengths.chunks(plan.run.batch.max(1)).filter_map(|batch| batch.iter().max().copied()).collect();
    Ok(longest.iter().sum::<i64>() / (longest.len() as i64).max(1))
}
