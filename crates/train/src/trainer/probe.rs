//! Probes for the dashboard: similarities of a few pairs, the images of a few queries, and thumbnails.

use clip_lab_plugin_api::Dataset;
use clip_lab_store::{Hit, Level, Probe, Shown};

use super::Trainer;
use crate::{
    WeightsKind,
    evaluate::EmbeddedData,
    probe::{self, ProbeResult},
};
use clip_lab_plan::Split;

/// Checkpoint name of the logit scale's logarithm.
const LOGIT_SCALE: &str = "loss.logit_scale";

impl Trainer<'_> {
    /// Probes the model, unless the spec disables it. An error is recorded and does not stop the run.
    pub(super) fn probe(&self, embedded: &EmbeddedData<'_>) -> Option<ProbeResult> {
        if !self.plan.run.probe || self.components.objective.texts().is_none() {
            return None;
        }
        let result = tch::no_grad(|| probe::probe(embedded));
        result.unwrap_or_else(|error| {
            let message = format!("this evaluation has no probe: {error:#}");
            self.run_record.event(Level::Warning, "probe", self.progress.step, &message);
            None
        })
    }

    /// Records a probe and the thumbnails of its images.
    pub(super) fn record_probe(
        &mut self,
        split: Split,
        kind: WeightsKind,
        data: &dyn Dataset,
        logit_scale: Option<f64>,
        result: ProbeResult,
    ) {
        let (threads, recorder) = (self.workers(), &self.run_record.recorder);
        let store = |digest: &str, jpeg| recorder.image(digest, jpeg);
        self.thumbnails.create(split, data, result.images(), threads, store);
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
            texts: result.pairs.iter().map(text).collect(),
            images: result.pairs.iter().map(shown).collect(),
            owner: (0..result.pairs.len() as u32).collect(),
            logit_scale,
            queries: result.queries.iter().map(text).collect(),
            top: result.queries.iter().zip(&result.top).map(hits).collect(),
            similarity: result.similarity,
            rank: result.rank,
        });
    }

    /// The logit scale of the current weights.
    pub(super) fn logit_scale(&self) -> Option<f64> {
        let log = self.components.vars.variables().remove(LOGIT_SCALE)?;
        (log.numel() == 1).then(|| log.reshape([-1]).double_value(&[0]).exp())
    }
}
