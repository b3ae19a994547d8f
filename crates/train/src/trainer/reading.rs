//! Reading pairs ahead.

use std::{collections::HashSet, sync::Arc};

use anyhow::Result;
use clip_lab_api::Dataset;

use super::Trainer;
use clip_lab_input::{Batch, Loader, Read, Source, cores};
use clip_lab_model::Against;

impl Trainer<'_> {
    pub(super) fn loader(&self) -> Loader {
        let source = self.source(self.feed.train.clone(), self.read(), self.features.is_none());
        let order = self.feed.order.clone();
        let broken: HashSet<usize> = self.broken.keys().copied().collect();
        let from = self.progress.step;
        let first = from / order.batches();
        let skip = (from % order.batches()) as usize;
        let ahead = self.features.is_none().then(|| self.feed.train.clone());
        let batches = (first..).flat_map(move |epoch| {
            let batches = order.epoch(epoch).split_off(if epoch == first { skip } else { 0 });
            if let Some(data) = &ahead {
                let pictures: Vec<usize> = batches.iter().flatten().map(|item| item.picture).collect();
                data.ahead(&pictures);
            }
            batches
        });
        // With cached features nobody opens the pictures again: the broken ones are left out here.
        let batches = batches.map(move |mut batch| {
            batch.retain(|item| !broken.contains(&item.picture));
            batch
        });
        Loader::new(source, batches.take((self.feed.total - from) as usize), self.workers(), self.device)
    }

    /// The batch with the cached features of its images, where the image tower is locked.
    pub(super) fn with_features(&self, mut batch: Batch) -> Result<Batch> {
        let features = self.features.as_ref();
        batch.features = features.map(|rows| rows.f_index_select(0, &batch.pictures)).transpose()?;
        Ok(batch)
    }

    pub(super) fn source(&self, data: Arc<dyn Dataset>, read: Read, pictures: bool) -> Source {
        Source {
            data,
            tokenizer: self.feed.tokenizer.clone(),
            max_tokens: self.plan.text.as_ref().map_or(0, |text| text.max_tokens),
            prepare: pictures.then(|| self.rig.prepare.clone()),
            read,
            seed: self.plan.run.seed,
        }
    }

    /// What training reads of an item.
    fn read(&self) -> Read {
        match self.rig.against {
            Against::Texts(_) => Read::Pair,
            Against::Classes(_) => Read::Labelled,
        }
    }

    pub(super) fn workers(&self) -> usize {
        if self.plan.run.workers > 0 { self.plan.run.workers } else { cores() }
    }
}
