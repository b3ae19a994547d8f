//! Messages, log entries and the summary of a run.

use anyhow::Result;
use clip_lab_plugin_api::tolerated;
use clip_lab_store::{Goal, Level, Tick};

use super::{RunEnd, Trainer};
use crate::{
    StepStatus, Summary,
    components::count,
    environment,
    ranks::{Agreement, metrics},
};
use clip_lab_input::Unreadable;

impl Trainer<'_> {
    pub(super) fn non_finite(&self, loss: f64) -> RunEnd {
        let step = self.progress.step;
        self.run_record.recorder.log(self.tick(), &[("train/loss", loss)]);
        let message = format!(
            "the loss became {loss} at step {step}, and this update was not applied. Lower optimizer.lr, use a longer warmup or add the clip_grad trick"
        );
        self.run_record.event(Level::Error, "non_finite", step, &message);
        RunEnd::NonFinite { step, message }
    }

    /// Records an fp16 step whose loss is not finite, which was not applied.
    pub(super) fn report_skipped(&self, loss: f64) {
        let step = self.progress.step;
        let factor = self.progress.scale.factor().unwrap_or(1.0);
        let message = format!(
            "the loss became {loss} at step {step}; this update was skipped, and the loss scale is now {factor}"
        );
        self.run_record.event(Level::Warning, "skipped_update", step, &message);
    }

    pub(super) fn record(
        &mut self,
        loss: f64,
        lr: f64,
        report: Vec<(String, f64)>,
        agreement: Option<&Agreement>,
    ) {
        let step = self.progress.step;
        let line = StepStatus { step, total: self.inputs.total, epoch: self.epoch(), loss, lr };
        self.monitor.step(line, self.clock.pairs_of_step());
        if !self.is_logged(step) {
            return;
        }
        if !self.latest.contains_key("train/loss") {
            self.run_record.recorder.describe_metric("train/loss", "", Goal::Down);
        }
        let mut points = vec![("train/loss".to_owned(), loss), ("train/lr".to_owned(), lr)];
        points.extend(report.into_iter().map(|(name, value)| (format!("train/{name}"), value)));
        points.extend(self.progress.scale.factor().map(|factor| ("train/loss_scale".to_owned(), factor)));
        let scales = self.components.params.lr_scales().into_iter();
        points.extend(scales.map(|(layer, scale)| (format!("train/lr/{layer}"), lr * scale)));
        points.extend(self.clock.take_rates());
        points.extend(self.system_stats.sample(self.device, step == self.inputs.total));
        points.extend(agreement.map(|agreement| metrics(&agreement.loads)).unwrap_or_default());
        self.log(&points);
    }

    pub(super) fn log(&mut self, points: &[(String, f64)]) {
        let borrowed: Vec<(&str, f64)> = points.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.run_record.recorder.log(self.tick(), &borrowed);
        self.latest.extend(points.iter().cloned());
    }

    pub(super) fn tick(&self) -> Tick {
        Tick { step: self.progress.step, epoch: self.epoch(), samples: self.progress.samples }
    }

    pub(super) fn epoch(&self) -> f64 {
        self.progress.step as f64 / self.inputs.order.batches() as f64
    }

    /// Reports each unreadable training image once. Fails if there are more than the data set tolerates.
    pub(super) fn report_unreadable(&mut self, unreadable: &[Unreadable]) -> Result<()> {
        for image in unreadable {
            if self.unreadable.insert(image.image, image.to_string()).is_none() {
                let message = format!("skipped: {image}");
                self.monitor.message(&message);
                if self.reported.entry("train".to_owned()).or_default().insert(image.image) {
                    self.run_record.event(Level::Warning, "broken_picture", self.progress.step, &message);
                }
            }
        }
        if unreadable.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = self.unreadable.values().cloned().collect();
        tolerated(self.inputs.train.tolerate(), &list, self.inputs.train.len(), "training images")
    }

    /// Prints the header of the run: model, data and device.
    pub(super) fn print_header(&mut self) {
        let params = &self.components.params;
        let tower = |prefix: &str| {
            let (trained, all) = count(params, prefix);
            format!("{:.1} M parameters, {:.1} M trained", all as f64 / 1e6, trained as f64 / 1e6)
        };
        let (objective, samples) = match (&self.plan.text, &self.plan.classifier) {
            (Some(text), None) => (format!("  text   {} ({})", text.encoder.name, tower("text")), "pairs"),
            _ => (
                format!("  head   {} classes ({})", self.inputs.train.classes().len(), tower("classifier")),
                "images",
            ),
        };
        let lines = [
            format!("run {}  {}", self.run_record.recorder.uid(), self.run_record.name),
            format!("  image  {} ({})", self.plan.image.encoder.name, tower("image")),
            objective,
            format!(
                "  data   {} images, {} steps of {} {samples} on {}",
                self.inputs.train.len(),
                self.inputs.total,
                self.plan.run.batch,
                environment::name(self.device)
            ),
        ];
        self.monitor.header(&lines);
        if self.plan.run.distinct {
            let (used, all) = (self.inputs.order.used(0), self.inputs.order.len());
            self.monitor.message(&format!("  distinct batches: the first epoch uses {used} of {all} pairs"));
        }
        let train = self.inputs.train.skipped().iter().cloned();
        let others = self.inputs.splits.iter().flat_map(|(split, data)| {
            data.skipped().iter().map(move |message| format!("in {}: {message}", split.as_str()))
        });
        for message in train.chain(others) {
            self.run_record.event(Level::Warning, "data", 0, &message);
            self.monitor.message(&message);
        }
    }

    /// Sends the monitor the summary of the run.
    pub fn send_summary(&mut self, ended: &RunEnd) {
        let summary = Summary {
            ended: ended.clone(),
            uid: self.run_record.recorder.uid().to_owned(),
            dir: self.run_record.dir.clone(),
            store: self.run_record.store.clone(),
            steps: self.progress.step,
            metrics: self.latest.clone(),
            pairs_per_s: self.clock.all_pairs as f64 / self.clock.all_seconds.max(1e-9),
        };
        self.monitor.end(&summary);
    }
}
