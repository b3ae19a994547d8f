//! Saving checkpoints and the best weights.

use anyhow::{Context as _, Result};
use clip_lab_plan::Select;
use clip_lab_store::{Goal, Level};

use super::Trainer;
use crate::{WeightsKind, checkpoint, goal};

impl Trainer<'_> {
    /// Saves a checkpoint during training. A failure is recorded and does not stop the run.
    pub(super) fn try_save(&mut self) {
        if let Err(error) = self.save() {
            let step = self.progress.step;
            self.run_record.event(Level::Error, "checkpoint", step, &format!("{error:#}"));
            self.monitor.message(&format!("no checkpoint at step {step}: {error:#}"));
        }
    }

    /// Saves a checkpoint; rank 0 alone does.
    pub(super) fn save(&mut self) -> Result<()> {
        if !self.is_first() {
            return Ok(());
        }
        // Flush the store first: a run resumed from this checkpoint must have no gap in its log.
        self.progress.logged = self.run_record.recorder.flush();
        let path = self.run_record.last();
        let components = &self.components;
        checkpoint::write(
            &path,
            &components.vars,
            components.optimizer.as_ref(),
            &components.tricks,
            &self.progress,
        )
        .context("saving a checkpoint")?;
        self.run_record.saved(&path, "last", self.progress.step);
        Ok(())
    }

    /// Saves every kind of weights whose goal has improved.
    pub(super) fn save_improved(&mut self) -> Result<()> {
        for (index, kind) in self.components.kinds().into_iter().enumerate() {
            let name = kind.metric(&self.plan.run.goal);
            let Some(&value) = self.latest.get(&name) else { continue };
            // Without a declared direction, larger is better.
            let better = match (self.progress.best[index], goal(self.plan.metric(&name))) {
                (None, _) => true,
                (Some(best), Goal::Down) => value < best,
                (Some(best), _) => value > best,
            };
            if !better {
                continue;
            }
            self.progress.best[index] = Some(value);
            if self.plan.run.select == Select::Best {
                self.save_best(kind)?;
            }
        }
        Ok(())
    }

    fn save_best(&self, kind: WeightsKind) -> Result<()> {
        let (path, step) = (self.run_record.best(kind), self.progress.step);
        let raw = self.components.swap_in(kind)?;
        let written = checkpoint::write_weights(&path, &self.components.vars, &self.progress);
        raw.restore()?;
        match written {
            Ok(()) => self.run_record.saved(&path, kind.best(), step),
            Err(error) => self.run_record.event(Level::Error, "checkpoint", step, &format!("{error:#}")),
        }
        Ok(())
    }
}
