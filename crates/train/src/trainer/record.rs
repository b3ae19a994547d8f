//! What a run says and records.

use anyhow::Result;
use clip_lab_api::{Report, Scored, tolerated};
use clip_lab_store::{Level, Tick};

use super::{Ended, Trainer};
use crate::{StepStatus, Summary, environment, rig::count};
use clip_lab_input::Broken;

impl Trainer<'_> {
    pub(super) fn non_finite(&self, loss: f64) -> Ended {
        let step = self.progress.step;
        self.session.recorder.log(self.tick(), &[("train/loss", loss)]);
        let words = format!(
            "the loss became {loss} at step {step}; the weights before it are kept. Lower optimizer.lr, warm up longer or add the clip_grad trick"
        );
        self.session.event(Level::Error, "non_finite", step, &words);
        Ended::NonFinite { step, words }
    }

    pub(super) fn record(&mut self, loss: f64, lr: f64, scored: &Scored, report: &Report) {
        let step = self.progress.step;
        let line = StepStatus { step, total: self.feed.total, epoch: self.epoch(), loss, lr };
        self.monitor.step(line, self.clock.pairs_of_step());
        if !step.is_multiple_of(self.plan.run.log_every) && step != self.feed.total {
            return;
        }
        let mut points = vec![("train/loss".to_owned(), loss), ("train/lr".to_owned(), lr)];
        let extra = scored.report.iter().map(|(name, value)| (*name, value));
        let tricks = report.0.iter().map(|(name, value)| (name.as_str(), value));
        points.extend(
            extra.chain(tricks).map(|(name, value)| (format!("train/{name}"), value.double_value(&[]))),
        );
        points.extend(self.progress.scale.factor().map(|factor| ("train/loss_scale".to_owned(), factor)));
        let scales = self.rig.params.lr_scales().into_iter();
        points.extend(scales.map(|(layer, scale)| (format!("train/lr/{layer}"), lr * scale)));
        points.extend(self.clock.take());
        points.extend(self.load.sample(self.device, step == self.feed.total));
        self.log(&points);
    }

    pub(super) fn log(&mut self, points: &[(String, f64)]) {
        let borrowed: Vec<(&str, f64)> = points.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.session.recorder.log(self.tick(), &borrowed);
        self.latest.extend(points.iter().cloned());
    }

    pub(super) fn tick(&self) -> Tick {
        Tick { step: self.progress.step, epoch: self.epoch(), samples: self.progress.samples }
    }

    pub(super) fn epoch(&self) -> f64 {
        self.progress.step as f64 / self.feed.order.batches() as f64
    }

    /// Names each broken picture once, and gives up when there are more than the data set allows.
    pub(super) fn tell_broken(&mut self, broken: &[Broken]) -> Result<()> {
        for picture in broken {
            if self.broken.insert(picture.picture, picture.to_string()).is_none() {
                let words = format!("left out: {picture}");
                self.monitor.message(&words);
                if self.told.entry("train".to_owned()).or_default().insert(picture.picture) {
                    self.session.event(Level::Warning, "broken_picture", self.progress.step, &words);
                }
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = self.broken.values().cloned().collect();
        tolerated(self.feed.train.tolerate(), &list, self.feed.train.len(), "training pictures")
    }

    /// What is about to be trained, in a few lines.
    pub(super) fn introduce(&mut self) {
        let params = &self.rig.params;
        let side = |prefix: &str| {
            let (trained, all) = count(params, prefix);
            format!("{:.1} M parameters, {:.1} M trained", all as f64 / 1e6, trained as f64 / 1e6)
        };
        let (against, samples) = match (&self.plan.text, &self.plan.classifier) {
            (Some(text), None) => (format!("  text   {} ({})", text.encoder.name, side("text")), "pairs"),
            _ => (
                format!("  head   {} classes ({})", self.feed.train.classes().len(), side("classifier")),
                "pictures",
            ),
        };
        let lines = [
            format!("run {}  {}", self.session.recorder.uid(), self.plan.name),
            format!("  image  {} ({})", self.plan.image.encoder.name, side("image")),
            against,
            format!(
                "  data   {} pictures, {} steps of {} {samples} on {}",
                self.feed.train.len(),
                self.feed.total,
                self.plan.run.batch,
                environment::name(self.device)
            ),
        ];
        self.monitor.introduce(&lines);
        if self.plan.run.distinct {
            let (used, all) = (self.feed.order.used(0), self.feed.order.len());
            self.monitor.message(&format!("  distinct batches: the first epoch uses {used} of {all} pairs"));
        }
        let train = self.feed.train.skipped().iter().cloned();
        let others = self.feed.splits.iter().flat_map(|(split, data)| {
            data.skipped().iter().map(move |words| format!("in {}: {words}", split.as_str()))
        });
        for words in train.chain(others) {
            self.session.event(Level::Warning, "data", 0, &words);
            self.monitor.message(&words);
        }
    }

    /// Hands the monitor what came of the run.
    pub fn sum_up(&mut self, ended: &Ended) {
        let summary = Summary {
            ended: ended.clone(),
            uid: self.session.recorder.uid().to_owned(),
            dir: self.session.dir.clone(),
            store: self.session.store.clone(),
            steps: self.progress.step,
            metrics: self.latest.clone(),
            pairs_per_s: self.clock.all_pairs as f64 / self.clock.all_seconds.max(1e-9),
        };
        self.monitor.end(&summary);
    }
}
