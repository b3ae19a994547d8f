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
        let first = from / order.batches();
        let skip = (from % order.batches()) as usize;
        let prefetched = self.features.is_none().then(|| self.inputs.train.clone());
        let batches = (first..).flat_map(move |epoch| {
            let batches = order.epoch(epoch).split_off(if epoch == first { skip } else { 0 });
            if let Some(data) = &prefetched {
                let images: Vec<usize> = batches.iter().flatten().map(|item| item.image).collect();
                data.prefetch(&images);
            }
            batches
        });
        // With cached features images are not opened again: skip the unreadable ones here.
        let batches = batches
            .map(move |batch| PlannedBatch::from(batch).filtered(|item| !unreadable.contains(&item.image)));
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
