//! Estimates the cost of a plan and warns about likely problems, before training.
//!
//! The model is built on the CPU with random weights; FLOPs and memory are measured in training steps on small random
//! batches. Of the data only the lists are read.

mod cost;
mod display;
mod loss;
mod memory;
mod synthetic_batch;
mod warnings;

use anyhow::Result;
use serde::Serialize;
use tch::Device;

use crate::{
    model::WeightsSource,
    plan::Plan,
    train::{Components, Inputs, ResidentMemory},
};

pub use cost::{Cost, Part};
pub use loss::{ReferenceLosses, reference_losses};
pub use memory::Memory;
pub use warnings::Warning;

/// Cost and warnings of a run that has not started.
#[derive(Debug, Serialize)]
pub struct Preflight {
    /// Parameters, FLOPs and memory.
    #[serde(flatten)]
    pub cost: Cost,
    /// Optimizer updates.
    pub updates: u64,
    /// Items per update.
    pub batch: u64,
    /// Items seen in the whole run.
    pub samples: u64,
    /// Passes over the training data.
    pub epochs: f64,
    /// Expected initial loss of an untrained model; none if the batch is too large to compute it here.
    pub first_loss: Option<f64>,
    /// Likely problems.
    pub warnings: Vec<Warning>,
}

impl Preflight {
    /// Estimates the cost of a plan and checks it for problems.
    ///
    /// # Errors
    /// If the data cannot be opened or a plugin cannot be built, which would also stop the run at its start.
    pub fn of(plan: &Plan) -> Result<Self> {
        let inputs = Inputs::open(plan)?;
        let before = ResidentMemory::now().unwrap_or_default().data;
        let mut components = Components::build(plan, &inputs, Device::Cpu, WeightsSource::Checkpoint)?;
        let batch = plan.run.batch as u64;
        let losses = reference_losses(plan, &components, inputs.train.classes().len() as i64, None)?;
        let warnings = warnings::find(plan, &inputs, &components, losses.as_ref());
        let cost = Cost::of(plan, &inputs, &mut components, before)?;
        Ok(Self {
            cost,
            updates: inputs.total,
            batch,
            samples: inputs.total.saturating_mul(batch),
            epochs: inputs.total as f64 / inputs.order.batches().max(1) as f64,
            first_loss: losses.map(|losses| losses.initial),
            warnings,
        })
    }
}
