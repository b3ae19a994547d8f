//! What the ranks of a run do together or in turn.

use std::time::Duration;

use anyhow::Result;
use clip_lab_input::Batch;

use super::Trainer;
use crate::{
    ranks::{Agreement, Exchange, Ranks},
    step::StepSettings,
    system_stats::ResidentMemory,
};

impl Trainer<'_> {
    /// Whether this process evaluates, saves and records.
    pub(super) fn is_first(&self) -> bool {
        self.ranks.is_none_or(Ranks::is_first)
    }

    /// Does `work` on rank 0, for which the others wait.
    pub(super) fn on_first(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.is_first() {
            work(self)?;
        }
        self.ranks.map_or(Ok(()), Ranks::wait)
    }

    /// Does `work` on rank 0, then on the others, which read what it has cached.
    pub(super) fn first_then_others(&mut self, work: impl Fn(&mut Self) -> Result<()>) -> Result<()> {
        self.on_first(&work)?;
        let Some(ranks) = self.ranks else { return Ok(()) };
        if !self.is_first() {
            work(self)?;
        }
        ranks.wait()
    }

    /// How long this process has waited for other ranks so far.
    pub(super) fn waited(&self) -> Duration {
        self.ranks.map_or(Duration::ZERO, Ranks::waited)
    }

    /// The settings of a step. The batch of several ranks is split among them even without micro-batches.
    pub(super) fn step_settings(&self) -> StepSettings {
        let mut settings = StepSettings::of(self.plan, &self.inputs, self.device);
        if let Some(ranks) = self.ranks
            && settings.micro_batch == 0
        {
            settings.micro_batch = self.plan.run.batch / ranks.size();
        }
        settings
    }

    /// Agrees with the other ranks on the next step. None if one of them stops; then all do.
    pub(super) fn agree(&mut self, batch: Option<Batch>) -> Result<(Option<Batch>, Option<Agreement>)> {
        let Some(ranks) = self.ranks else { return Ok((batch, None)) };
        if self.is_logged(self.progress.step + 1) {
            self.load.memory = ResidentMemory::now().map_or(0, ResidentMemory::total);
        }
        let padding = self.inputs.tokenizer.as_ref().filter(|_| self.components.objective.texts().is_some());
        let exchange = Exchange {
            batch: self.plan.run.batch,
            micro_batch: self.step_settings().micro_batch,
            padding: padding.map(|tokenizer| tokenizer.pad()),
        };
        match ranks.agree(batch, self.stop.is_requested(), self.load, exchange)? {
            Some((batch, agreement)) => Ok((Some(batch), Some(agreement))),
            None => {
                if !self.stop.is_requested() {
                    self.stop.request();
                }
                Ok((None, None))
            }
        }
    }
}
