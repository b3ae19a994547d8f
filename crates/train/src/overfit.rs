//! Overfit one batch: a model that cannot fit a single batch cannot be trained.

use anyhow::{Context as _, Result, ensure};
use clip_lab_input::{Batch, Loader};
use clip_lab_plan::Plan;
use tch::{Device, Tensor};

use super::{
    components::Components,
    inputs::Inputs,
    loss_scale::LossScale,
    phases::Phases,
    reading,
    step::{Step, StepSettings},
};

/// Steps of linear learning-rate warmup.
const WARMUP: u64 = 5;

/// The result of overfitting one batch.
#[derive(Debug)]
pub struct Overfitted {
    /// The loss before each step, and after the last.
    pub losses: Vec<f64>,
    /// Duplicate group of each row, `[B]`: equal for rows with the same image or caption.
    pub groups: Tensor,
}

/// Trains on the first batch for `steps` updates, at the base learning rate after a short warmup, without the schedule.
/// Stops early at a non-finite loss. Records nothing.
///
/// # Errors
/// If data or model fail, or the first batch has fewer than two readable items.
pub fn overfit(
    plan: &Plan,
    inputs: &Inputs,
    components: &mut Components,
    device: Device,
    steps: u64,
) -> Result<Overfitted> {
    let batch = first_batch(plan, inputs, components, device)?;
    ensure!(batch.len() > 1, "the first batch has {} readable items, at least 2 are needed", batch.len());
    let (phases, mut loss_scale, lr) = (Phases::default(), LossScale::new(plan.run.precision), components.lr);
    let settings = StepSettings::of(plan, inputs, device);
    let mut training = Step {
        components,
        loss_scale: &mut loss_scale,
        phases: &phases,
        settings,
        report: false,
        shared: None,
    };
    let mut losses = Vec::new();
    for step in 0..steps {
        let warmup = ((step + 1) as f64 / WARMUP as f64).min(1.0);
        losses.push(training.run(&batch, step, lr * warmup)?.loss);
        if losses.last().is_some_and(|loss| !loss.is_finite()) {
            return Ok(Overfitted { losses, groups: batch.group });
        }
    }
    losses.push(training.forward_backward(&batch, steps)?.loss.f_double_value(&[])?);
    Ok(Overfitted { losses, groups: batch.group })
}

fn first_batch(plan: &Plan, inputs: &Inputs, components: &Components, device: Device) -> Result<Batch> {
    let (data, read) = (inputs.train.clone(), reading::training_read(components));
    let source = reading::source(plan, inputs, components, data, read, true);
    let batches = inputs.order.epoch(0).into_iter().take(1);
    Loader::new(source, batches, reading::workers(plan), device)?
        .next_batch()?
        .context("the data set has no complete batch")
}
