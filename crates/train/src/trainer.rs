//! The training loop.

mod clock;
mod evaluation;
mod probe;
mod reading;
mod record;

use std::{
    collections::{BTreeMap, HashSet},
    time::Instant,
};

use anyhow::{Context as _, Result};
use clip_lab_store::{Level, Request};
use tch::{Device, Tensor};

use super::{
    checkpoint::{self, Progress},
    components::{Components, Inputs},
    loss_scale::LossScale,
    model_metadata::model_metadata,
    monitor::Monitor,
    peak_flops,
    run_record::RunRecord,
    step::{Step, StepOutput, StepSettings},
    stop::Stop,
    system_stats::SystemStats,
    thumbnail::Thumbnails,
};
use clip_lab_input::{Batch, Read, Unreadable};
use clip_lab_model::Start;
use clip_lab_plan::{Plan, Split};
use clock::Clock;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// All steps done.
    Finished,
    /// Somebody asked; a checkpoint is there.
    Stopped {
        /// Updates done.
        step: u64,
    },
    /// The loss became NaN or infinite.
    NonFinite {
        /// The update that was not made.
        step: u64,
        /// What to tell the user.
        message: String,
    },
}

/// A run in progress. One thread owns all tensors.
pub struct Trainer<'a> {
    plan: &'a Plan,
    inputs: Inputs,
    components: Components,
    device: Device,
    run_record: &'a RunRecord,
    monitor: &'a mut dyn Monitor,
    stop: Stop,
    /// Features of the training images, when the image tower is locked and nothing is random.
    features: Option<Tensor>,
    /// Features of the evaluated splits of a locked tower.
    kept: BTreeMap<&'static str, (Tensor, Vec<Unreadable>)>,
    /// Training images that could not be read, each with its name and why.
    broken: BTreeMap<usize, String>,
    /// Images that the event log names already, by split.
    told: BTreeMap<String, HashSet<usize>>,
    progress: Progress,
    latest: BTreeMap<String, f64>,
    clock: Clock,
    system_stats: SystemStats,
    thumbnails: Thumbnails,
}

impl<'a> Trainer<'a> {
    /// Builds the model, takes it back from a checkpoint if the session goes on with one, and computes the features of
    /// a locked tower.
    ///
    /// # Errors
    /// Those of plugins, weights and data.
    pub fn new(
        plan: &'a Plan,
        inputs: Inputs,
        device: Device,
        run_record: &'a RunRecord,
        monitor: &'a mut dyn Monitor,
        stop: Stop,
    ) -> Result<Self> {
        let start = if run_record.resumed { Start::ToBeLoaded } else { Start::FromSpec };
        let components = Components::build(plan, &inputs, device, start)?;
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
        let (features, kept, broken, told) = Default::default();
        let (latest, clock, system_stats, thumbnails) = Default::default();
        let mut trainer = Self {
            plan,
            inputs,
            components,
            device,
            run_record,
            monitor,
            stop,
            features,
            kept,
            broken,
            told,
            progress,
            latest,
            clock,
            system_stats,
            thumbnails,
        };
        trainer.begin()?;
        Ok(trainer)
    }

    fn begin(&mut self) -> Result<()> {
        let components = &mut self.components;
        if self.run_record.resumed {
            let path = self.run_record.last();
            let read = checkpoint::read(
                &path,
                &components.vars,
                components.optimizer.as_mut(),
                &mut components.tricks,
            )?;
            let model = model_metadata(self.plan, self.inputs.train.classes());
            self.progress = Progress { model, spec: self.run_record.spec.clone(), ..read };
            self.warn_of_another_random_stream();
            self.monitor.message(&format!("resuming at step {}", self.progress.step));
        }
        self.introduce();
        self.clock.peak = peak_flops::peak(self.device, self.plan.run.precision)?;
        self.run_record.recorder.set_environment("peak_flops", self.clock.peak.into());
        if self.plan.run.cache_features && self.locked() {
            self.look_once()?;
        }
        Ok(())
    }

    fn warn_of_another_random_stream(&mut self) {
        if self.progress.with_generator {
            let message = "the checkpoint was written by an earlier version: dropout and drop path draw other random numbers \
                           from here on than the uninterrupted run would have drawn";
            self.run_record.event(Level::Warning, "random", self.progress.step, message);
            self.monitor.message(message);
        }
    }

    /// A locked tower gives every image the same features in every epoch: computed once, images are then never
    /// opened again. Somebody who asks to stop meanwhile is heard by the loop.
    fn look_once(&mut self) -> Result<()> {
        let fixed = self.plan.augment.iter().all(|augment| !augment.properties.random);
        if fixed && let Some(found) = self.features_of("train", self.inputs.train.clone(), Read::Image)? {
            self.tell_broken(&found.broken)?;
            self.features = Some(found.rows);
        }
        for (split, data) in self.inputs.splits.clone() {
            self.split_features(split.as_str(), data)?;
        }
        Ok(())
    }

    /// Trains to the end, evaluating and saving on the way.
    ///
    /// # Errors
    /// Those of data, model and evaluators.
    pub fn train(&mut self) -> Result<Ended> {
        if self.stop.peek() {
            self.save()?;
            return Ok(Ended::Stopped { step: self.progress.step });
        }
        let mut loader = self.loader();
        self.monitor.begin(self.progress.step);
        while self.progress.step < self.inputs.total {
            let waiting = Instant::now();
            let stop = &self.stop;
            let Some(batch) = loader.next_batch_unless(&|| stop.peek())? else {
                if self.stop.peek() {
                    self.save()?;
                    return Ok(Ended::Stopped { step: self.progress.step });
                }
                break;
            };
            self.clock.waited += waiting.elapsed().as_secs_f64();
            self.tell_broken(&batch.broken)?;
            let batch = self.with_features(batch)?;
            match batch.len() {
                // Nothing to contrast: the step passes without an update, so that the place in the data stays true.
                0 | 1 => self.progress.step += 1,
                _ => {
                    if let Some(ended) = self.update(&batch)? {
                        return Ok(ended);
                    }
                }
            }
            self.at_boundary()?;
            if self.asked_to_stop()? {
                self.save()?;
                return Ok(Ended::Stopped { step: self.progress.step });
            }
        }
        // The report is worth having even when the disk is full.
        let saved = self.save();
        self.report()?;
        saved.map(|()| Ended::Finished)
    }

    fn update(&mut self, batch: &Batch) -> Result<Option<Ended>> {
        let started = Instant::now();
        let step = self.progress.step;
        let lr = self.components.lr * self.components.schedule.at(step, self.inputs.total);
        let StepOutput { loss, scored, report } = self.counted(batch, lr)?;
        if !loss.is_finite() {
            return Ok(Some(self.non_finite(loss)));
        }
        self.progress.step += 1;
        self.progress.samples += batch.len() as u64;
        self.clock.step(started.elapsed().as_secs_f64(), batch.len() as u64);
        self.record(loss, lr, &scored, &report);
        Ok(None)
    }

    /// A step; the floating-point operations of the first one are counted.
    fn counted(&mut self, batch: &Batch, lr: f64) -> Result<StepOutput> {
        let step = self.progress.step;
        if self.clock.flops.is_some() {
            return self.step().run(batch, step, lr);
        }
        let (output, all) = clip_lab_torch_ext::count_flops(|| self.step().run(batch, step, lr))?;
        let flops = all as f64 / batch.len() as f64;
        self.clock.flops = Some(flops);
        self.run_record.recorder.set_environment("train_flops_per_sample", flops.into());
        output
    }

    fn step(&mut self) -> Step<'_> {
        let run = &self.plan.run;
        let classes = self.inputs.train.classes().len();
        Step {
            components: &mut self.components,
            loss_scale: &mut self.progress.scale,
            phases: &self.clock.phases,
            settings: StepSettings { seed: run.seed, micro_batch: run.micro_batch, classes },
        }
    }

    /// At the end of an epoch: evaluate and save as often as the spec says.
    fn at_boundary(&mut self) -> Result<()> {
        let batches = self.inputs.order.batches();
        let (step, run) = (self.progress.step, &self.plan.run);
        let ends = step.is_multiple_of(batches);
        let due = |every: u64| ends && every > 0 && (step / batches).is_multiple_of(every);
        let last = step == self.inputs.total;
        let (evaluate, save) = (due(run.eval_every) || last, due(run.checkpoint_every) && !last);
        if evaluate {
            self.evaluate(Split::Val)?;
            self.keep_best()?;
        }
        if save {
            self.try_save();
        }
        Ok(())
    }

    fn asked_to_stop(&mut self) -> Result<bool> {
        for request in self.run_record.recorder.requests() {
            match request {
                Request::Stop => {
                    self.stop.ask();
                }
                Request::Checkpoint => self.try_save(),
            }
        }
        Ok(self.stop.asked() && self.progress.step < self.inputs.total)
    }

    /// Saves on the way. The run is worth more than one checkpoint: without it, say so and go on.
    fn try_save(&mut self) {
        if let Err(error) = self.save() {
            let step = self.progress.step;
            self.run_record.event(Level::Error, "checkpoint", step, &format!("{error:#}"));
            self.monitor.message(&format!("no checkpoint at step {step}: {error:#}"));
        }
    }

    fn save(&mut self) -> Result<()> {
        // The store is never behind a checkpoint: a run that is killed now and resumed from it would have a gap.
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

    fn locked(&self) -> bool {
        self.components.params.is_frozen("image")
    }
}
