//! Evaluation on the way and at the end.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result};
use clip_lab_plugin_api::{Better, Dataset, Ranks};
use clip_lab_store::{Goal, Level, RankSet, Request};
use tch::Tensor;

use super::Trainer;
use crate::{Features, Silent, Towers, View, WeightsKind, checkpoint, evaluate_split, features, goal};
use clip_lab_input::{Read, Unreadable};
use clip_lab_plan::{Select, Split};

impl Trainer<'_> {
    /// Keeps every kind of weights whose goal is better than ever.
    pub(super) fn keep_best(&mut self) -> Result<()> {
        for (place, kind) in self.components.kinds().into_iter().enumerate() {
            let name = kind.metric(&self.plan.run.goal);
            let Some(&value) = self.latest.get(&name) else { continue };
            let better = match (self.progress.best[place], self.direction(&name)) {
                (None, _) => true,
                (Some(best), Goal::Down) => value < best,
                (Some(best), _) => value > best,
            };
            if !better {
                continue;
            }
            self.progress.best[place] = Some(value);
            if self.plan.run.select == Select::Best {
                self.save_best(kind)?;
            }
        }
        Ok(())
    }

    fn save_best(&self, kind: WeightsKind) -> Result<()> {
        let (path, step) = (self.run_record.best(kind), self.progress.step);
        let held = self.components.hold(kind)?;
        let written = checkpoint::write_weights(&path, &self.components.vars, &self.progress);
        held.put_back()?;
        match written {
            Ok(()) => self.run_record.saved(&path, kind.best(), step),
            Err(error) => self.run_record.event(Level::Error, "checkpoint", step, &format!("{error:#}")),
        }
        Ok(())
    }

    /// The numbers to quote: `[data.test]`, once, with the weights that the spec selects, raw and averaged.
    pub(super) fn report(&mut self) -> Result<()> {
        if self.plan.run.select == Select::Last {
            return self.evaluate(Split::Test);
        }
        for kind in self.components.kinds() {
            let best = self.run_record.best(kind);
            if best.exists() {
                checkpoint::read_weights(&best, &self.components.vars)?;
                self.look(Split::Test, kind)?;
                // What the run ends with are its last weights, whatever was reported.
                checkpoint::read_weights(&self.run_record.last(), &self.components.vars)?;
            } else {
                self.evaluate_kind(Split::Test, kind)?;
            }
        }
        Ok(())
    }

    /// Evaluates every kind of weights on a split.
    pub(super) fn evaluate(&mut self, split: Split) -> Result<()> {
        self.components.kinds().into_iter().try_for_each(|kind| self.evaluate_kind(split, kind))
    }

    fn evaluate_kind(&mut self, split: Split, kind: WeightsKind) -> Result<()> {
        let held = self.components.hold(kind)?;
        let seen = self.look(split, kind);
        held.put_back()?;
        seen
    }

    /// Evaluates the weights that the model has now, as those of a kind.
    fn look(&mut self, split: Split, kind: WeightsKind) -> Result<()> {
        let name = split.as_str();
        let Some((_, data)) = self.inputs.splits.iter().find(|(known, _)| *known == split) else {
            return Ok(());
        };
        let data = data.clone();
        let started = Instant::now();
        let Some((rows, broken)) = self.split_features(name, data.clone())? else { return Ok(()) };
        let mut points = Vec::new();
        let towers = self.towers();
        let view = View::new(&towers, data.clone(), &Features { rows, broken })?;
        let judged = evaluate_split(&self.components, &view, split)?;
        let seen = self.see(&view);
        for found in judged {
            let named = |(metric, value)| (format!("{name}/{}{metric}", kind.prefix()), value);
            points.extend(found.metrics.into_iter().map(named));
            self.record_ranks(name, kind, found.ranks);
        }
        points.push((format!("{name}/{}seconds", kind.prefix()), started.elapsed().as_secs_f64()));
        for (metric, _) in &points {
            let unit = self.plan.metric(metric).map_or("", |declared| declared.unit);
            self.run_record.recorder.describe_metric(metric, unit, self.direction(metric));
        }
        self.log(&points);
        if let Some(seen) = seen {
            self.record_probe(split, kind, data.as_ref(), self.logit_scale(), seen);
        }
        Ok(())
    }

    /// Which direction of a metric is better: as its evaluator declares it, else by its name.
    fn direction(&self, metric: &str) -> Goal {
        match self.plan.metric(metric).map(|declared| declared.better) {
            Some(Better::Higher) => Goal::Up,
            Some(Better::Lower) => Goal::Down,
            None => goal(metric),
        }
    }

    fn record_ranks(&self, split: &str, kind: WeightsKind, ranks: Vec<Ranks>) {
        for found in ranks {
            self.run_record.recorder.rank(RankSet {
                step: self.progress.step,
                split: split.to_owned(),
                suite: found.suite.to_owned(),
                direction: found.direction.short().to_owned(),
                weights: kind.as_str().to_owned(),
                ranks: found.ranks,
            });
        }
    }

    fn towers(&self) -> Towers<'_> {
        Towers::of(&self.components, &self.inputs, self.plan, self.device)
    }

    /// The image tower's features of an evaluated split; a locked tower's are computed once. None when somebody asked to
    /// stop meanwhile.
    pub(super) fn split_features(
        &mut self,
        name: &'static str,
        data: Arc<dyn Dataset>,
    ) -> Result<Option<(Tensor, Vec<Unreadable>)>> {
        if let Some((rows, broken)) = self.kept.get(name) {
            return Ok(Some((rows.shallow_clone(), broken.clone())));
        }
        let Some(found) = self.features_of(name, data, Read::EvalImage)? else { return Ok(None) };
        if self.locked() {
            self.kept.insert(name, (found.rows.shallow_clone(), found.broken.clone()));
        }
        Ok(Some((found.rows, found.broken)))
    }

    /// Features of all images of `data`, from the cache if the tower is locked and they are there.
    pub(super) fn features_of(
        &mut self,
        split: &str,
        data: Arc<dyn Dataset>,
        read: Read,
    ) -> Result<Option<Features>> {
        let source = self.source(data.clone(), read, true);
        let (workers, device, images) = (self.workers(), self.device, data.len());
        let kept = self.locked() && self.plan.run.cache_features;
        let key = kept.then(|| self.key(data.as_ref(), read)).transpose()?;
        let (image, run_record, stop, step) =
            (&self.components.image, self.run_record, &self.stop, self.progress.step);
        let told = self.told.entry(split.to_owned()).or_default();
        let mut tell = |broken: &Unreadable| {
            if told.insert(broken.image) {
                let place = if split == "train" { String::new() } else { format!(" in {split}") };
                let message = format!("skipped{place}: {broken}");
                run_record.event(Level::Warning, "broken_picture", step, &message);
            }
        };
        let table = || format!("[data.{split}]");
        let Some(key) = key else {
            // An evaluation on the way is finished before anybody is listened to: it belongs to this step.
            return Features::compute_telling(
                image,
                source,
                workers,
                device,
                &mut Silent,
                &|| false,
                &mut tell,
            )
            .with_context(table);
        };
        let monitor = &mut *self.monitor;
        let found = Features::cached(&key, images, device, || {
            monitor.message(&format!(
                "the image tower is locked: computing features of the {images} {split} images once"
            ));
            let asked = || {
                if run_record.recorder.requests().contains(&Request::Stop) {
                    stop.ask();
                }
                stop.peek()
            };
            Features::compute_telling(image, source, workers, device, monitor, &asked, &mut tell)
        });
        let found = found.with_context(table)?;
        let Some((found, cached)) = found else { return Ok(None) };
        if cached {
            self.monitor.message(&format!("features of the {images} {split} images: read from the cache"));
        }
        Ok(Some(found))
    }

    /// Everything that the features of a data set depend on.
    fn key(&self, data: &dyn Dataset, read: Read) -> Result<String> {
        let encoder = &self.plan.image.encoder;
        let preprocess = &self.plan.image.preprocess;
        let changes =
            self.plan.augment.iter().map(|augment| format!("{} {}", augment.name, augment.settings));
        let changes =
            if read == Read::Image { changes.collect::<Vec<_>>().join("; ") } else { String::new() };
        let tower = format!("{} {}", encoder.name, encoder.settings);
        let size = preprocess.size.to_string();
        let message = serde_json::to_string(preprocess)?;
        let format = format!("{:?}", self.plan.run.precision);
        let pixels = clip_lab_image_io::PIXELS;
        features::key(
            &self.components.vars,
            &["image."],
            &[&tower, &size, &message, &changes, &data.fingerprint(), &format, pixels],
        )
    }
}
