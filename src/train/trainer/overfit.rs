//! One batch, again and again: what cannot learn that cannot learn anything.

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::Report;
use tch::Tensor;

use super::Trainer;

/// Steps over which the learning rate rises to its full height.
const RISE: u64 = 5;

/// What training on one batch gave.
#[derive(Debug)]
pub struct Overfitted {
    /// The loss before each step, and after the last.
    pub losses: Vec<f64>,
    /// For each row of the batch a number, equal where two rows cannot be told apart.
    pub alike: Tensor,
}

impl Trainer<'_> {
    /// Trains on the first batch alone for `steps` updates, at the base learning rate after a short rise, without the
    /// schedule. Ends early at a loss that is not finite.
    ///
    /// # Errors
    /// Those of data and model, and a first batch with fewer than two readable items.
    pub fn overfit(&mut self, steps: u64) -> Result<Overfitted> {
        let batch = self.loader().next_batch()?.context("the data has no batch")?;
        ensure!(
            batch.len() > 1,
            "the first batch has {} readable items, which is nothing to learn",
            batch.len()
        );
        let mut losses = Vec::new();
        for step in 0..=steps {
            for trick in &mut self.rig.tricks {
                trick.before_step(&self.rig.params, step)?;
            }
            let (loss, _) = self.gradients(&batch)?;
            losses.push(loss);
            if !loss.is_finite() {
                break;
            }
            let lr = self.rig.lr * ((step + 1) as f64 / RISE as f64).min(1.0);
            if step < steps && self.progress.scale.take_off(&self.rig.params)? {
                self.rig.update(step, lr, &mut Report::default())?;
            }
            for param in self.rig.params.trained() {
                param.tensor.shallow_clone().zero_grad();
            }
        }
        Ok(Overfitted { losses, alike: batch.group.shallow_clone() })
    }

    /// What is trained.
    pub fn rig(&self) -> &crate::train::Rig {
        &self.rig
    }
}
