//! The training loop.

mod clock;
mod evaluation;
mod features;
mod probe;
mod reading;
mod record;
mod saving;
mod setup;
mod together;

use std::{
    collections::{BTreeMap, HashSet},
    time::Instant,
};

use anyhow::Result;
use clip_lab_store::Request;
use tch::{Device, Tensor};

use super::{
    checkpoint::Progress,
    components::Components,
    features::Features,
    inputs::Inputs,
    monitor::Monitor,
    ranks::{Agreement, RankLoad, Ranks, Shared},
    run_end::RunEnd,
    run_record::RunRecord,
    step::{Step, StepOutput},
    stop::Stop,
    system_stats::SystemStats,
    thumbnail::Thumbnails,
};
use clip_lab_input::Batch;
use clip_lab_plan::{Plan, Split};
use clock::Clock;

/// A run in progress. All tensors belong to one thread.
pub struct Trainer<'a> {
    plan: &'a Plan,
    inputs: Inputs,
    components: Components,
    device: Device,
    run_record: &'a RunRecord,
    monitor: &'a mut dyn Monitor,
    stop: Stop,
    /// The processes that train together; none if this is the only one.
    ranks: Option<&'a Ranks>,
    /// Features of the training images, if the image tower is locked and the augmentation not random.
    features: Option<Tensor>,
    /// Features of the evaluation splits, if the image tower is locked.
    split_features: BTreeMap<&'static str, Features>,
    /// Unreadable training images with their names and errors.
    unreadable: BTreeMap<usize, String>,
    /// Unreadable images that are in the event log, by split.
    reported: BTreeMap<String, HashSet<usize>>,
    progress: Progress,
    latest: BTreeMap<String, f64>,
    clock: Clock,
    /// This rank's last step.
    load: RankLoad,
    system_stats: SystemStats,
    thumbnails: Thumbnails,
}

impl Trainer<'_> {
    /// Trains until the last step or a stop request, with evaluations and checkpoints in between.
    ///
    /// # Errors
    /// If data, model or an evaluator fail, or the last checkpoint cannot be saved.
    pub fn train(&mut self) -> Result<RunEnd> {
        if self.ranks.is_none() && self.stop.is_requested() {
            self.save()?;
            return Ok(RunEnd::Stopped { step: self.progress.step });
        }
        let mut loader = self.loader()?;
        self.monitor.begin(self.progress.step);
        while self.progress.step < self.inputs.total {
            let started = Instant::now();
            let stop = &self.stop;
            let batch = loader.next_batch_or_stop(&|| stop.is_requested())?;
            let data_wait = started.elapsed();
            let (Some(batch), agreement) = self.agree(batch)? else {
                if self.stop.is_requested() {
                    self.save()?;
                    return Ok(RunEnd::Stopped { step: self.progress.step });
                }
                break;
            };
            self.clock.wait_seconds += started.elapsed().as_secs_f64();
            self.load.data_wait = data_wait;
            self.report_unreadable(&batch.unreadable)?;
            let batch = self.with_features(batch)?;
            match agreement.as_ref().map_or(batch.len(), Agreement::rows) {
                // Too few items for a contrastive loss: count the step without an update, to stay in sync with the data.
                0 | 1 => self.progress.step += 1,
                _ => {
                    if let Some(ended) = self.update(&batch, agreement.as_ref())? {
                        return Ok(ended);
                    }
                }
            }
            self.evaluate_and_save()?;
            if self.stop_requested()? {
                self.save()?;
                return Ok(RunEnd::Stopped { step: self.progress.step });
            }
        }
        // Evaluate on test even if saving failed, for example on a full disk.
        let saved = self.save();
        self.on_first(Self::evaluate_test)?;
        saved.map(|()| RunEnd::Finished)
    }

    fn update(&mut self, batch: &Batch, agreement: Option<&Agreement>) -> Result<Option<RunEnd>> {
        let (started, waited) = (Instant::now(), self.waited());
        let step = self.progress.step;
        let lr = self.components.lr * self.components.schedule.at(step, self.inputs.total);
        let StepOutput { loss, report } = self.step_counting_flops(batch, agreement, lr)?;
        if !loss.is_finite() {
            if !self.progress.scale.may_skip() {
                return Ok(Some(self.non_finite(loss)));
            }
            self.report_skipped(loss);
        }
        self.progress.step += 1;
        let rows = agreement.map_or(batch.len(), Agreement::rows) as u64;
        self.progress.samples += rows;
        let elapsed = started.elapsed();
        self.clock.step(elapsed.as_secs_f64(), rows);
        self.load.wait = self.waited() - waited;
        self.load.compute = elapsed.saturating_sub(self.load.wait);
        self.record(loss, lr, report, agreement);
        Ok(None)
    }

    /// Runs a step, and counts the floating-point operations of the first one.
    fn step_counting_flops(
        &mut self,
        batch: &Batch,
        agreement: Option<&Agreement>,
        lr: f64,
    ) -> Result<StepOutput> {
        let step = self.progress.step;
        if self.clock.flops_per_item.is_some() || batch.is_empty() {
            return self.step(agreement).run(batch, step, lr);
        }
        let (output, total) = clip_lab_torch_ext::count_flops(|| self.step(agreement).run(batch, step, lr))?;
        let flops = total as f64 / batch.len() as f64;
        self.clock.flops_per_item = Some(flops);
        self.run_record.recorder.set_environment("train_flops_per_sample", flops.into());
        output
    }

    fn step<'s>(&'s mut self, agreement: Option<&'s Agreement>) -> Step<'s> {
        let report = self.is_logged(self.progress.step + 1);
        let settings = self.step_settings();
        let (width, device) = (self.plan.image.head.dim, self.device);
        let shared = self.ranks.zip(agreement);
        Step {
            components: &mut self.components,
            loss_scale: &mut self.progress.scale,
            phases: &self.clock.phases,
            settings,
            report,
            shared: shared.map(|(ranks, agreement)| Shared { ranks, agreement, width, device }),
        }
    }

    /// Whether the values of the update that ends at `step` are recorded.
    fn is_logged(&self, step: u64) -> bool {
        step.is_multiple_of(self.plan.run.log_every) || step == self.inputs.total
    }

    /// Evaluates and saves at the end of an epoch, as often as the spec says.
    fn evaluate_and_save(&mut self) -> Result<()> {
        let batches = self.inputs.order.batches();
        let (step, run) = (self.progress.step, &self.plan.run);
        let epoch_ends = step.is_multiple_of(batches);
        let due = |every: u64| epoch_ends && every > 0 && (step / batches).is_multiple_of(every);
        let last = step == self.inputs.total;
        let (evaluate, save) = (due(run.eval_every) || last, due(run.checkpoint_every) && !last);
        if evaluate {
            self.on_first(|first| {
                first.evaluate(Split::Val)?;
                first.save_improved()
            })?;
        }
        if save {
            // The others wait for it: a large checkpoint may take longer than the timeout of a step.
            self.on_first(|first| {
                first.try_save();
                Ok(())
            })?;
        }
        Ok(())
    }

    fn stop_requested(&mut self) -> Result<bool> {
        for request in self.run_record.recorder.requests() {
            match request {
                Request::Stop => {
                    self.stop.request();
                }
                Request::Checkpoint => self.try_save(),
            }
        }
        let stops = self.stop.requested_after_update() && self.progress.step < self.inputs.total;
        // Several ranks agree on it before the next step.
        Ok(stops && self.ranks.is_none())
    }

    fn locked(&self) -> bool {
        self.components.params.is_frozen("image")
    }
}
