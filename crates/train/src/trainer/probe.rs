//! What the panels of a run show: a few pairs, answers to a few queries, and their images.

use clip_lab_plugin_api::Dataset;
use clip_lab_store::{Hit, Level, Probe, Shown};

use super::Trainer;
use crate::{
    WeightsKind,
    evaluate::View,
    probe::{self, Seen},
};
use clip_lab_plan::Split;

/// The scale that losses of pairs keep, by the name that checkpoints give its logarithm.
const LOGIT_SCALE: &str = "loss.logit_scale";

impl Trainer<'_> {
    /// What the model makes of the fixed pairs, unless the spec wants no probes. A fault costs the probe, never the run.
    pub(super) fn see(&self, view: &View<'_>) -> Option<Seen> {
        if !self.plan.run.probe || self.components.objective.texts().is_none() {
            return None;
        }
        let seen = tch::no_grad(|| probe::look(view));
        seen.unwrap_or_else(|error| {
            let message = format!("no similarities are recorded of this evaluation: {error:#}");
            self.run_record.event(Level::Warning, "probe", self.progress.step, &message);
            None
        })
    }

    /// Records what was seen and the images in it.
    pub(super) fn record_probe(
        &mut self,
        split: Split,
        kind: WeightsKind,
        data: &dyn Dataset,
        logit_scale: Option<f64>,
        seen: Seen,
    ) {
        let (threads, recorder) = (self.workers(), &self.run_record.recorder);
        let keep = |digest: &str, jpeg| recorder.image(digest, jpeg);
        self.thumbnails.make(split, data, seen.images(), threads, keep);
        let shown =
            |&image: &usize| Shown { name: data.name(image), digest: self.thumbnails.digest(split, image) };
        let text = |&image: &usize| data.captions(image).first().cloned().unwrap_or_default();
        let hits = |(own, hits): (&usize, &Vec<(usize, f32)>)| {
            let hit = |(image, score): &(usize, f32)| Hit {
                image: shown(image),
                score: *score,
                right: image == own,
            };
            hits.iter().map(hit).collect()
        };
        recorder.probe(Probe {
            step: self.progress.step,
            split: split.as_str().to_owned(),
            weights: kind.as_str().to_owned(),
            texts: seen.pairs.iter().map(text).collect(),
            images: seen.pairs.iter().map(shown).collect(),
            owner: (0..seen.pairs.len() as u32).collect(),
            logit_scale,
            queries: seen.queries.iter().map(text).collect(),
            top: seen.queries.iter().zip(&seen.top).map(hits).collect(),
            similarity: seen.similarity,
            rank: seen.rank,
        });
    }

    /// What the loss multiplies cosines with, of the weights that the model has now.
    pub(super) fn logit_scale(&self) -> Option<f64> {
        let log = self.components.vars.variables().remove(LOGIT_SCALE)?;
        (log.numel() == 1).then(|| log.reshape([-1]).double_value(&[0]).exp())
    }
}
