//! Sources and loaders of the trainer.

use std::{collections::HashSet, sync::Arc};

use anyhow::Result;
use clip_lab_plugin_api::Dataset;

use super::Trainer;
use crate::reading;
use clip_lab_input::{Batch, Loader, PlannedBatch, Read, Source};

impl Trainer<'_> {
    pub(super) fn loader(&self) -> Result<Loader> {
        let source = self.source(
            self.inputs.train.clone(),
            reading::training_read(&self.components),
            self.features.is_none(),
        );
        let order = self.inputs.order.clone();
        let unreadable: HashSet<usize> = self.unreadable.keys().copied().collect();
        let from = self.progress.step;
        let slots = self.ranks.map(|ranks| ranks.slots(self.plan.run.batch));
        let first = from / order.batches();
        let skip = (from % order.batches()) as usize;
        let prefetched = self.features.is_none().then(|| self.inputs.train.clone());
        let batches = (first..).flat_map(move |epoch| {
            let batches = order.epoch(epoch).split_off(if epoch == first { skip } else { 0 });
            let planned = batches.into_iter().map(PlannedBatch::from);
            let batches: Vec<PlannedBatch> = match &slots {
                Some(slots) => planned.map(|batch| batch.of_slots(slots)).collect(),
                None => planned.collect(),
            };
            if let Some(data) = &prefetched {
                data.prefetch(&batches.iter().flat_map(PlannedBatch::images).collect::<Vec<_>>());
            }
            batches
        });
        // With cached features images are not opened again: skip the unreadable ones here.
        let batches = batches.map(move |batch| batch.filtered(|item| !unreadable.contains(&item.image)));
        Loader::new(source, batches.take((self.inputs.total - from) as usize), self.workers(), self.device)
    }

    /// Adds the cached features of its images to the batch, if the image tower is locked.
    pub(super) fn with_features(&self, mut batch: Batch) -> Result<Batch> {
        let features = self.features.as_ref();
        batch.features = features.map(|rows| rows.f_index_select(0, &batch.indices)).transpose()?;
        Ok(batch)
    }

    pub(super) fn source(&self, data: Arc<dyn Dataset>, read: Read, images: bool) -> Source {
        reading::source(self.plan, &self.inputs, &self.components, data, read, images)
    }

    pub(super) fn workers(&self) -> usize {
        reading::workers(self.plan)
    }
}
