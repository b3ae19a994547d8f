//! Evaluation during training and at the end.

use std::time::Instant;

use anyhow::Result;
use clip_lab_plugin_api::Ranks;
use clip_lab_store::RankSet;

use super::Trainer;
use crate::{EmbeddedData, Towers, WeightsKind, checkpoint, evaluate_split, goal};
use clip_lab_plan::{Select, Split};

impl Trainer<'_> {
    /// The final results: `[data.test]`, once, with the weights that the spec selects, raw and averaged.
    pub(super) fn evaluate_test(&mut self) -> Result<()> {
        if self.plan.run.select == Select::Last {
            return self.evaluate(Split::Test);
        }
        for kind in self.components.kinds() {
            let best = self.run_record.best(kind);
            if best.exists() {
                checkpoint::read_weights(&best, &self.components.vars)?;
                self.evaluate_current(Split::Test, kind)?;
                // The run ends with its last weights, not the best ones.
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
        let raw = self.components.swap_in(kind)?;
        let result = self.evaluate_current(split, kind);
        raw.restore()?;
        result
    }

    /// Evaluates the current weights of the model and records them as `kind`.
    fn evaluate_current(&mut self, split: Split, kind: WeightsKind) -> Result<()> {
        let name = split.as_str();
        let Some((_, data)) = self.inputs.splits.iter().find(|(other, _)| *other == split) else {
            return Ok(());
        };
        let data = data.clone();
        let started = Instant::now();
        let Some(features) = self.split_features(name, data.clone())? else { return Ok(()) };
        let mut points = Vec::new();
        let towers = self.towers();
        let embedded = EmbeddedData::new(&towers, data.clone(), &features)?;
        let evaluations = evaluate_split(&self.components, &embedded, split)?;
        let probe = self.probe(&embedded);
        for evaluation in evaluations {
            let named = |(metric, value)| (format!("{name}/{}{metric}", kind.prefix()), value);
            points.extend(evaluation.metrics.into_iter().map(named));
            self.record_ranks(name, kind, evaluation.ranks);
        }
        points.push((format!("{name}/{}seconds", kind.prefix()), started.elapsed().as_secs_f64()));
        for (metric, _) in &points {
            let declared = self.plan.metric(metric);
            let unit = declared.map_or("", |declared| declared.unit);
            self.run_record.recorder.describe_metric(metric, unit, goal(declared));
        }
        self.log(&points);
        if let Some(probe) = probe {
            self.record_probe(split, kind, data.as_ref(), self.logit_scale(), probe);
        }
        Ok(())
    }

    fn record_ranks(&self, split: &str, kind: WeightsKind, ranks: Vec<Ranks>) {
        for set in ranks {
            self.run_record.recorder.rank(RankSet {
                step: self.progress.step,
                split: split.to_owned(),
                suite: set.suite.to_owned(),
                direction: set.direction.short().to_owned(),
                weights: kind.as_str().to_owned(),
                ranks: set.ranks,
            });
        }
    }

    fn towers(&self) -> Towers<'_> {
        Towers::of(&self.components, &self.inputs, self.plan, self.device)
    }
}
