//! Peak memory. Activations are measured on two synthetic batch sizes and extrapolated linearly to the run's; other
//! tensors are counted. Compared with runs in docs/internals.md.

use anyhow::Result;
use clip_lab_plugin_api::{Params, Report, State};
use clip_lab_torch_ext::measure_peak_memory;
use serde::Serialize;
use tch::Tensor;

use super::synthetic_batch::SyntheticBatch;
use crate::{
    input::PREFETCHED_BATCHES,
    model::TEXT_BATCH,
    plan::Plan,
    train::{Components, IMAGE_BATCH, Inputs, ResidentMemory},
};

/// Memory that the allocator holds beyond the tensors, as a fraction of theirs.
const FRAGMENTATION: f64 = 0.15;
/// Batch sizes that are measured: batch norm needs more than one item.
const SIZES: [i64; 2] = [2, 6];

/// Peak memory in bytes.
#[derive(Debug, Serialize)]
pub struct Memory {
    /// The process without a model: its data lists, and the pages of program and libraries that a step uses.
    pub program: u64,
    /// Weights and buffers.
    pub weights: u64,
    /// Gradients.
    pub gradients: u64,
    /// Optimizer state.
    pub optimizer: u64,
    /// State of the tricks, such as averaged weights.
    pub tricks: u64,
    /// Images of the current batch and of the prefetched ones.
    pub batches: u64,
    /// Activations per sample in a training step, forward and backward: measured on the CPU, in the run's precision.
    pub activations_per_sample: u64,
    /// Activations of a training step for one micro-batch.
    pub activations: u64,
    /// Activations without gradients: in evaluations, and when the features of a locked tower are cached.
    pub evaluation: u64,
    /// Temporary tensors of an update.
    pub update: u64,
    /// Memory between tensors that the allocator cannot reuse.
    pub fragmentation: u64,
}

impl Memory {
    /// Peak memory: training steps and evaluations alternate and reuse each other's memory.
    pub fn total(&self) -> u64 {
        self.program + self.tensors() + self.fragmentation
    }

    fn tensors(&self) -> u64 {
        let state = self.weights + self.gradients + self.optimizer + self.tricks;
        state + self.batches + self.activations.max(self.evaluation).max(self.update)
    }

    /// Measures a run. `before` is the process's data before the model was built, in bytes.
    pub(super) fn of(
        plan: &Plan,
        inputs: &Inputs,
        components: &mut Components,
        tokens: i64,
        before: u64,
    ) -> Result<Self> {
        let batches = SIZES.map(|rows| SyntheticBatch::new(plan, inputs, components, tokens, rows));
        let [small, large] = batches;
        let (small, large) = (small?, large?);
        let both = [&small, &large];
        // The first step allocates the gradients, which are counted separately.
        small.forward_backward(plan, components)?;
        // The graph of both towers is held until the loss is known; the backward pass frees it tower by tower, but holds
        // temporary gradients. Which of the two peaks is higher depends on the batch.
        let forward = Line::fit(both, &mut |batch| batch.forward(plan, components))?;
        let backward = Line::fit(both, &mut |batch| batch.forward_backward(plan, components))?;
        let images = Line::fit(both, &mut |batch| batch.evaluate(components, true))?;
        let texts = Line::fit(both, &mut |batch| batch.evaluate(components, false))?;
        let evaluation = images.at(IMAGE_BATCH as u64).max(texts.at(TEXT_BATCH as u64));
        let gradients = trained_bytes(&components.params);
        let mut update = || {
            components.before_update(0, &mut Report::default())?;
            components.apply_update(0, components.lr)
        };
        update()?; // The first update allocates the state, which is counted separately.
        let (updated, update) = measure_peak_memory(update)?;
        updated?;
        let run = &plan.run;
        let micro_batch = if run.micro_batch > 0 { run.micro_batch.min(run.batch) } else { run.batch } as u64;
        let image = size(small.images()) / SIZES[0] as u64;
        let in_training = if small.cached { 0 } else { (PREFETCHED_BATCHES as u64 + 2) * run.batch as u64 };
        let in_evaluation = (PREFETCHED_BATCHES as u64 + 2) * IMAGE_BATCH as u64;
        let variables: State = components.vars.variables().into_iter().collect();
        let files = ResidentMemory::now().unwrap_or_default().files;
        let mut memory = Self {
            program: before + files,
            weights: bytes(&variables),
            gradients,
            optimizer: bytes(&components.optimizer.state()),
            tricks: components.tricks.iter().map(|trick| bytes(&trick.state())).sum(),
            batches: image * in_training.max(in_evaluation),
            activations_per_sample: forward.slope.max(backward.slope),
            activations: forward.at(micro_batch).max(backward.at(micro_batch)),
            evaluation,
            update,
            fragmentation: 0,
        };
        memory.fragmentation = (memory.tensors() as f64 * FRAGMENTATION) as u64;
        Ok(memory)
    }
}

/// Peak memory of a computation as a linear function of the batch size.
struct Line {
    base: u64,
    slope: u64,
}

impl Line {
    /// Fits the line to the peaks of two batches.
    fn fit(
        batches: [&SyntheticBatch; 2],
        compute: &mut dyn FnMut(&SyntheticBatch) -> Result<()>,
    ) -> Result<Self> {
        let mut peaks = [0; 2];
        for (peak, batch) in peaks.iter_mut().zip(batches) {
            let (done, held) = measure_peak_memory(|| compute(batch))?;
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
