//! Shards, as a data set.

use std::{collections::HashSet, ops::Range, sync::Arc};

use clip_lab_plugin_api::prelude::*;
use clip_lab_shards::{Location, Sample, Shards};

use super::{WebDataset, classes::classes, gather::Gathered, prefetch::Prefetcher, skipped::Skipped};

/// The samples of all shards as one list.
pub(super) struct ShardDataset {
    reader: Arc<Shards>,
    shards: Vec<Shard>,
    /// The index of the shard, and the sample.
    samples: Vec<(u32, Sample)>,
    classes: Vec<String>,
    class: Vec<Option<usize>>,
    sampling: Option<Sampling>,
    prefetcher: Prefetcher,
    skipped: Vec<String>,
    tolerate: f64,
}

struct Shard {
    location: Location,
    /// Prefix of its images' names.
    name: String,
    length: u64,
    stamp: String,
}

impl ShardDataset {
    /// Opens the usable shards.
    ///
    /// # Errors
    /// If more is unusable than `tolerate` allows, nothing is left, or the cache is too small for a full shuffle.
    pub(super) fn open(gathered: Gathered, settings: &WebDataset) -> Result<Self> {
        let skipped = Skipped::of(&gathered.found);
        skipped.check_tolerance(settings.tolerate)?;
        gathered.check_cache(settings)?;
        let data = Self::new(gathered, settings, skipped.messages)?;
        ensure!(!data.samples.is_empty(), "the shards contain no usable image: {}", data.skipped.join("; "));
        Ok(data)
    }

    fn new(gathered: Gathered, settings: &WebDataset, skipped: Vec<String>) -> Result<Self> {
        let unique: HashSet<String> =
            gathered.found.iter().map(|(_, location, _)| location.file_name()).collect();
        let unique_names = unique.len() == gathered.found.len();
        let (mut shards, mut samples, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
        for (source, location, index) in gathered.found {
            let Ok(index) = index else { continue };
            let number = shards.len() as u32;
            let start = samples.len();
            samples.extend(index.samples.into_iter().map(|sample| (number, sample)));
            ranges.push((source, start..samples.len()));
            let name = if unique_names { location.file_name() } else { location.to_string() };
            shards.push(Shard { location, name, length: index.length, stamp: index.stamp });
        }
        let labels: Vec<Option<&str>> = samples.iter().map(|(_, sample)| sample.class.as_deref()).collect();
        let (classes, class) = classes(&labels, &settings.classes)?;
        for ((_, sample), class) in samples.iter_mut().zip(&class) {
            if let (true, Some(class)) = (sample.captions.is_empty(), class) {
                sample.captions.push(settings.template.replace("{}", &classes[*class]));
            }
        }
        let sampling = sampling(settings, &ranges);
        let reader = Arc::new(gathered.shards);
        let prefetcher =
            Prefetcher::new(reader.clone(), shards.iter().map(|shard| shard.location.clone()).collect());
        let tolerate = settings.tolerate;
        Ok(Self { reader, shards, samples, classes, class, sampling, prefetcher, skipped, tolerate })
    }

    fn sample(&self, index: usize) -> Result<(&Shard, &Sample)> {
        let (shard, sample) =
            self.samples.get(index).with_context(|| format!("there is no image {index}"))?;
        Ok((&self.shards[*shard as usize], sample))
    }
}

/// The sampling of an epoch; none if it takes everything once in any order.
fn sampling(settings: &WebDataset, ranges: &[(usize, Range<usize>)]) -> Option<Sampling> {
    let weights = settings.shards.weights();
    if weights.is_none() && settings.shuffle_buffer.is_none() {
        return None;
    }
    let mut sources = Vec::<SourceShare>::new();
    let mut last = None;
    for (source, range) in ranges {
        match sources.last_mut().filter(|_| last == Some(source)) {
            Some(share) => share.images.end = range.end,
            None => sources.push(SourceShare { images: range.clone(), weight: 0.0 }),
        }
        last = Some(source);
        if let Some(share) = sources.last_mut() {
            let size = share.images.len() as f64;
            share.weight = weights.as_ref().map_or(size, |weights| weights[*source]);
        }
    }
    let chunks = ranges.iter().map(|(_, range)| range.clone()).collect();
    Some(Sampling { sources, chunks, buffer: settings.shuffle_buffer })
}

impl Dataset for ShardDataset {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn image(&self, index: usize) -> Result<Image> {
        let (shard, sample) = self.sample(index)?;
        self.prefetcher.advance(self.samples[index].0);
        self.reader.read(&shard.location, shard.length, sample).map(Image::Encoded)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.samples.get(index).map_or(&[], |(_, sample)| &sample.captions)
    }

    fn name(&self, index: usize) -> String {
        self.sample(index).map_or_else(
            |_| String::new(),
            |(shard, sample)| format!("{}/{}.{}", shard.name, sample.key, sample.ending),
        )
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn class(&self, index: usize) -> Option<usize> {
        self.class.get(index).copied().flatten()
    }

    /// Hashes the stamps of the shards and the offsets of the images in them.
    fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for shard in &self.shards {
            hasher.update(format!("{}\n{}\n", shard.name, shard.stamp).as_bytes());
        }
        for (shard, sample) in &self.samples {
            hasher.update(&shard.to_le_bytes());
            hasher.update(&sample.offset.to_le_bytes());
            hasher.update(&sample.length.to_le_bytes());
            hasher.update(sample.key.as_bytes());
        }
        format!("webdataset-{}", hasher.finalize().to_hex())
    }

    fn sampling(&self) -> Option<&Sampling> {
        self.sampling.as_ref()
    }

    fn prefetch(&self, images: &[usize]) {
        self.prefetcher.set_order(images.iter().filter_map(|&index| Some(self.samples.get(index)?.0)));
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn tolerate(&self) -> f64 {
        self.tolerate
    }
}
