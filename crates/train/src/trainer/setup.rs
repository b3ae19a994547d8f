//! Building the model, or resuming it from a checkpoint.

use anyhow::Result;
use clip_lab_store::Level;
use tch::Device;

use super::Trainer;
use crate::{
    checkpoint::{self, Progress},
    components::Components,
    inputs::Inputs,
    loss_scale::LossScale,
    model_metadata::model_metadata,
    monitor::Monitor,
    peak_flops,
    ranks::Ranks,
    run_record::RunRecord,
    stop::Stop,
};
use clip_lab_input::Read;
use clip_lab_model::WeightsSource;
use clip_lab_plan::Plan;

impl<'a> Trainer<'a> {
    /// Builds the model, loads the checkpoint of a resumed run, and computes the features of a locked tower.
    ///
    /// # Errors
    /// If a plugin, the weights or the data fail.
    pub fn new(
        plan: &'a Plan,
        inputs: Inputs,
        device: Device,
        run_record: &'a RunRecord,
        monitor: &'a mut dyn Monitor,
        stop: Stop,
        ranks: Option<&'a Ranks>,
    ) -> Result<Self> {
        let source = if run_record.resumed { WeightsSource::Checkpoint } else { WeightsSource::Spec };
        let components = Components::build(plan, &inputs, device, source)?;
        let scale = LossScale::new(plan.run.precision);
        let (spec, model) = (run_record.spec.clone(), model_metadata(plan, inputs.train.classes()));
        let progress = Progress {
            step: 0,
            samples: 0,
            best: [None; 2],
            spec,
            model,
            scale,
            logged: None,
            with_generator: false,
        };
        let (features, split_features, unreadable, reported) = Default::default();
        let (latest, clock, load, system_stats, thumbnails) = Default::default();
        let mut trainer = Self {
            plan,
            inputs,
            components,
            device,
            run_record,
            monitor,
            stop,
            ranks,
            features,
            split_features,
            unreadable,
            reported,
            progress,
            latest,
            clock,
            load,
            system_stats,
            thumbnails,
        };
        trainer.initialise()?;
        Ok(trainer)
    }

    fn initialise(&mut self) -> Result<()> {
        let components = &mut self.components;
        if self.run_record.resumed {
            let last = self.run_record.last();
            let shared = self.ranks.map(|ranks| ranks.share_file(&last)).transpose()?;
            let saved = checkpoint::read(
                shared.as_ref().map_or(&last, |file| &file.path),
                &components.vars,
                components.optimizer.as_mut(),
                &mut components.tricks,
            )?;
            let model = model_metadata(self.plan, self.inputs.train.classes());
            self.progress = Progress { model, spec: self.run_record.spec.clone(), ..saved };
            self.warn_of_changed_random_stream();
            self.monitor.message(&format!("resuming at step {}", self.progress.step));
        }
        if let Some(ranks) = self.ranks {
            ranks.compare_weights(&self.components.vars)?;
        }
        self.print_header();
        let devices = self.ranks.map_or(1, Ranks::size) as f64;
        self.clock.peak_flops = devices * peak_flops::peak(self.device, self.plan.run.precision)?;
        self.run_record.recorder.set_environment("peak_flops", self.clock.peak_flops.into());
        if self.plan.run.cache_features && self.locked() {
            self.first_then_others(Self::precompute_features)?;
        }
        Ok(())
    }

    fn warn_of_changed_random_stream(&mut self) {
        if self.progress.with_generator {
            let message = "the checkpoint was written by an earlier version: from here on, dropout and drop path draw other \
                           random numbers than in an uninterrupted run";
            self.run_record.event(Level::Warning, "random", self.progress.step, message);
            self.monitor.message(message);
        }
    }

    /// Computes the features of a locked tower, which are the same in every epoch; images are not opened again. A stop
    /// request meanwhile is handled by the training loop.
    fn precompute_features(&mut self) -> Result<()> {
        let fixed = self.plan.augment.iter().all(|augment| !augment.properties.random);
        if fixed && let Some(features) = self.features_of("train", self.inputs.train.clone(), Read::Image)? {
            self.report_unreadable(&features.unreadable)?;
            self.features = Some(features.rows);
        }
        if !self.is_first() {
            return Ok(()); // rank 0 evaluates
        }
        for (split, data) in self.inputs.splits.clone() {
            self.split_features(split.as_str(), data)?;
        }
        Ok(())
    }
}
