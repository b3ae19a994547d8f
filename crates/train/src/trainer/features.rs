//! Features of whole data sets, cached if the image tower is locked.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clip_lab_input::{Read, Unreadable};
use clip_lab_plugin_api::Dataset;
use clip_lab_store::{Level, Request};

use super::Trainer;
use crate::{Features, Silent, key};

impl Trainer<'_> {
    /// The image tower's features of an evaluation split; computed once for a locked tower. None if a stop is requested
    /// meanwhile.
    pub(super) fn split_features(
        &mut self,
        name: &'static str,
        data: Arc<dyn Dataset>,
    ) -> Result<Option<Features>> {
        if let Some(features) = self.split_features.get(name) {
            return Ok(Some(features.shallow_clone()));
        }
        let Some(features) = self.features_of(name, data, Read::EvalImage)? else { return Ok(None) };
        if self.locked() {
            self.split_features.insert(name, features.shallow_clone());
        }
        Ok(Some(features))
    }

    /// Features of all images of `data`; of a locked tower from the cache, if they are cached.
    pub(super) fn features_of(
        &mut self,
        split: &str,
        data: Arc<dyn Dataset>,
        read: Read,
    ) -> Result<Option<Features>> {
        let source = self.source(data.clone(), read, true);
        let (workers, device, images) = (self.workers(), self.device, data.len());
        let cacheable = self.locked() && self.plan.run.cache_features;
        let key = cacheable.then(|| self.key(data.as_ref(), read)).transpose()?;
        let (image, run_record, stop, step) =
            (&self.components.image, self.run_record, &self.stop, self.progress.step);
        let reported = self.reported.entry(split.to_owned()).or_default();
        let mut on_unreadable = |image: &Unreadable| {
            if reported.insert(image.image) {
                let place = if split == "train" { String::new() } else { format!(" in {split}") };
                let message = format!("skipped{place}: {image}");
                run_record.event(Level::Warning, "broken_picture", step, &message);
            }
        };
        let table = || format!("[data.{split}]");
        let Some(key) = key else {
            // An evaluation during training is not interrupted: it belongs to this step.
            return Features::compute_with(
                image,
                source,
                workers,
                device,
                &mut Silent,
                &|| false,
                &mut on_unreadable,
            )
            .with_context(table);
        };
        let monitor = &mut *self.monitor;
        let features = Features::cached(&key, images, device, || {
            monitor.message(&format!(
                "the image tower is locked: computing features of the {images} {split} images once"
            ));
            let stopped = || {
                if run_record.recorder.requests().contains(&Request::Stop) {
                    stop.request();
                }
                stop.is_requested()
            };
            Features::compute_with(image, source, workers, device, monitor, &stopped, &mut on_unreadable)
        });
        let features = features.with_context(table)?;
        let Some((features, cached)) = features else { return Ok(None) };
        if cached {
            self.monitor.message(&format!("features of the {images} {split} images: read from the cache"));
        }
        Ok(Some(features))
    }

    /// The cache key of the features of a data set: a digest of everything they depend on.
    fn key(&self, data: &dyn Dataset, read: Read) -> Result<String> {
        let encoder = &self.plan.image.encoder;
        let preprocess = &self.plan.image.preprocess;
        let augment =
            self.plan.augment.iter().map(|augment| format!("{} {}", augment.name, augment.settings));
        let augment =
            if read == Read::Image { augment.collect::<Vec<_>>().join("; ") } else { String::new() };
        let tower = format!("{} {}", encoder.name, encoder.settings);
        let size = preprocess.size.to_string();
        let preprocess = serde_json::to_string(preprocess)?;
        let run = &self.plan.run;
        let precision = format!("{:?}", run.precision);
        let kernels = format!("channels_last = {}, deterministic = {}", run.channels_last, run.deterministic);
        // Plugins of shared libraries are not in the digest of our code.
        let libraries = self.plan.config.iter().find(|setting| setting.key == "plugins.digests");
        let libraries = libraries.map_or_else(String::new, |setting| setting.value.to_string());
        let pixels = clip_lab_image_io::PIXELS;
        let data = data.fingerprint();
        let inputs = [&tower, &size, &preprocess, &augment, &data, &precision, &kernels, &libraries];
        key(&self.components.vars, &["image."], &[&inputs.map(String::as_str)[..], &[pixels]].concat())
    }
}
