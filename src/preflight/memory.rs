//! Memory at its most. Tensors are measured on made-up items, of two sizes, and what they take is stretched to the size of
//! the run; what else the process holds is counted.

use anyhow::Result;
use clip_lab_api::{Params, Report, State};
use clip_lab_torch::watch_memory;
use serde::Serialize;
use tch::Tensor;

use super::made_up::MadeUp;
use crate::{
    data::AHEAD,
    model::TEXTS_TOGETHER,
    plan::Plan,
    train::{Feed, IMAGES_TOGETHER, Rig},
};

/// Items of the two batches that are measured: batch norm needs more than one.
const SIZES: [i64; 2] = [2, 6];

/// Bytes.
#[derive(Debug, Serialize)]
pub struct Memory {
    /// What the process holds without a model: libtorch, and the lists of the data.
    pub program: u64,
    /// Weights and buffers.
    pub weights: u64,
    /// Gradients.
    pub gradients: u64,
    /// State of the optimizer.
    pub optimizer: u64,
    /// State of the tricks, such as an average of the weights.
    pub tricks: u64,
    /// Pictures of the batch that is computed, and of those that are read ahead.
    pub batches: u64,
    /// What one item adds in a training step, forward and backward: measured on the processor, in the run's precision.
    pub activations_per_sample: u64,
    /// All that a training step takes for the items that go through the towers together.
    pub activations: u64,
    /// What is computed without gradients at a time: in evaluations, and of a locked tower whose features are kept.
    pub evaluation: u64,
}

impl Memory {
    /// The most at a time: a step and an evaluation take turns, and memory that one gave back serves the other.
    pub fn total(&self) -> u64 {
        let state = self.weights + self.gradients + self.optimizer + self.tricks;
        self.program + state + self.batches + self.activations.max(self.evaluation)
    }

    /// Measures. `before` is what the process held before the model was built.
    pub(super) fn of(plan: &Plan, feed: &Feed, rig: &mut Rig, tokens: i64, before: u64) -> Result<Self> {
        let made_up = SIZES.map(|rows| MadeUp::new(plan, feed, rig, tokens, rows));
        let [small, large] = made_up;
        let (small, large) = (small?, large?);
        let both = [&small, &large];
        // The first step makes the gradients, which are counted by themselves.
        small.forward_backward(plan, rig)?;
        let step = Line::through(both, &mut |made_up| made_up.forward_backward(plan, rig).map(drop))?;
        let images = Line::through(both, &mut |made_up| made_up.evaluate(rig, true))?;
        let texts = Line::through(both, &mut |made_up| made_up.evaluate(rig, false))?;
        let evaluation = images.at(IMAGES_TOGETHER as u64).max(texts.at(TEXTS_TOGETHER as u64));
        let gradients = trained_bytes(&rig.params);
        rig.update(0, rig.lr, &mut Report::default())?;
        let run = &plan.run;
        let together = if run.micro_batch > 0 { run.micro_batch.min(run.batch) } else { run.batch } as u64;
        let picture = size(small.images()) / SIZES[0] as u64;
        let in_training = if small.cached { 0 } else { (AHEAD as u64 + 2) * run.batch as u64 };
        let in_evaluation = (AHEAD as u64 + 2) * IMAGES_TOGETHER as u64;
        let variables: State = rig.vars.variables().into_iter().collect();
        Ok(Self {
            program: before,
            weights: bytes(&variables),
            gradients,
            optimizer: bytes(&rig.optimizer.state()),
            tricks: rig.tricks.iter().map(|trick| bytes(&trick.state())).sum(),
            batches: picture * in_training.max(in_evaluation),
            activations_per_sample: step.slope,
            activations: step.at(together),
            evaluation,
        })
    }
}

/// What a computation holds at most, by the number of its items.
struct Line {
    base: u64,
    slope: u64,
}

impl Line {
    /// Through the peaks of two batches.
    fn through(batches: [&MadeUp; 2], compute: &mut dyn FnMut(&MadeUp) -> Result<()>) -> Result<Self> {
        let mut peaks = [0; 2];
        for (peak, made_up) in peaks.iter_mut().zip(batches) {
            let (done, held) = watch_memory(|| compute(made_up))?;
            done?;
            *peak = held;
        }
        let slope = peaks[1].saturating_sub(peaks[0]) / (SIZES[1] - SIZES[0]) as u64;
        Ok(Self { base: peaks[0].saturating_sub(slope * SIZES[0] as u64), slope })
    }

    fn at(&self, items: u64) -> u64 {
        self.base + self.slope * items
    }
}

fn bytes(state: &State) -> u64 {
    state.iter().map(|(_, tensor)| size(tensor)).sum()
}

fn trained_bytes(params: &Params) -> u64 {
    params.trained().map(|param| size(&param.tensor)).sum()
}

fn size(tensor: &Tensor) -> u64 {
    (tensor.numel() * tensor.kind().elt_size_in_bytes()) as u64
}
