//! Tar shards in the format of webdataset.

mod classes;
mod dataset;
mod gather;
mod list;
mod prefetch;
mod skipped;

use std::time::Duration;

use clip_lab_plugin_api::prelude::*;
use clip_lab_shards::{RetryPolicy, Shards};

pub use self::list::{ShardList, Source};
use self::{dataset::ShardDataset, gather::Gathered};

/// Images in tar shards, as written by img2dataset, open_clip and `clip-lab data pack`: `KEY.jpg` (`.png`, `.webp`)
/// with `KEY.txt` or `KEY.json` for the caption, or `KEY.cls` for a class. Shards are on disk, at `https://`, `s3://`
/// or `gs://` (credentials for the latter two come from the environment, as for their own tools), or in a data set of
/// the hub, `hf:datasets/ORGANISATION/NAME[@REVISION]/train-{0000..0575}.tar`.
///
/// Every shard is read once to build an index, stored in the cache folder; this takes about a second per 10,000 images
/// on disk, and over the network as long as downloading the shard. Images are then read by offset, so one seed gives
/// one order, also in a resumed run. The index takes about 300 bytes of memory per image. Remote shards are cached
/// whole; the content of a URL is assumed not to change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "webdataset")]
pub struct WebDataset {
    /// The shards: a path or URL with brace patterns, such as `data/cc3m-{000000..000331}.tar`, or a folder of shards;
    /// a list of them; or a list of tables `{ path = "...", weight = 2.0 }`, which an epoch samples by weight.
    pub shards: ShardList,
    /// The key of the caption in `.json`, a text or a list of texts. Without `.json` the caption is in `.txt`.
    pub caption: String,
    /// Class names, by the numbers in `.cls`. By default those numbers, or the names in `.cls` in alphabetical order.
    pub classes: Vec<String>,
    /// The caption of an image with a class and no caption, with `{}` for the class.
    pub template: String,
    /// Reads the shards in random order and shuffles within a buffer of this many pairs, instead of a full shuffle: for
    /// shards that exceed the cache, and disks with slow random access. Several times the size of a shard works well.
    pub shuffle_buffer: Option<usize>,
    /// Gigabytes of downloaded shards to cache; the least recently used are evicted first.
    pub cache_gb: f64,
    /// Seconds without data after which a request is retried.
    pub stall_seconds: f64,
    /// Consecutive failures of a server after which a shard is given up; retries wait from half a second up to half a
    /// minute.
    pub tries: u32,
    /// Maximum fraction of shards that may be missing or truncated, and of images that may be unusable, before the data
    /// set is rejected. Everything left out is reported.
    pub tolerate: f64,
}

impl Default for WebDataset {
    fn default() -> Self {
        Self {
            shards: ShardList::default(),
            caption: "caption".to_owned(),
            classes: Vec::new(),
            template: "a photo of a {}.".to_owned(),
            shuffle_buffer: None,
            cache_gb: 50.0,
            stall_seconds: 30.0,
            tries: 6,
            tolerate: 0.05,
        }
    }
}

impl Settings for WebDataset {
    fn check(&self, problems: &mut Problems) {
        match self.shards.locations() {
            Ok(locations) => problems.require(
                !locations.is_empty(),
                "shards",
                "must name the shards, such as \"data/train-{000000..000012}.tar\"",
            ),
            Err(error) => problems.require(false, "shards", format!("{error:#}")),
        }
        let message = "weights must be above 0, and either all sources have one or none";
        problems.require(self.shards.weights_are_valid(), "shards", message);
        let once = self.template.matches("{}").count() == 1;
        problems.require(once, "template", "must contain {} once, for the class");
        problems.require(!self.caption.is_empty(), "caption", "must be a key of the JSON");
        problems.require(self.shuffle_buffer != Some(0), "shuffle_buffer", "must be at least 1");
        problems.require(self.cache_gb > 0.0, "cache_gb", "must be above 0");
        let stall = (0.01..=86_400.0).contains(&self.stall_seconds);
        problems.require(stall, "stall_seconds", "must be from 0.01 to 86400");
        problems.require(self.tries > 0, "tries", "must be at least 1");
        problems.require((0.0..=1.0).contains(&self.tolerate), "tolerate", "must be from 0 to 1");
    }
}

impl Plugin<dyn Dataset> for WebDataset {
    /// Downloads nothing.
    fn properties(&self) -> DataProperties {
        let Ok(locations) = self.shards.locations() else { return DataProperties::default() };
        let shards = self.reader();
        if !locations.iter().flatten().all(|location| shards.is_indexed(location)) {
            return DataProperties::default();
        }
        let opened = match Gathered::read(self, shards)
            .and_then(|gathered| ShardDataset::open(gathered, self))
        {
            Ok(opened) => opened,
            Err(error) => {
                return DataProperties { problem: Some(format!("{error:#}")), ..DataProperties::default() };
            }
        };
        let captions = (0..opened.len()).map(|index| opened.captions(index).len()).sum();
        DataProperties { images: Some(opened.len()), captions: Some(captions), problem: None }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(ShardDataset::open(Gathered::read(self, self.reader())?, self)?))
    }
}

impl WebDataset {
    fn reader(&self) -> Shards {
        let policy = RetryPolicy {
            attempts: self.tries,
            stall: Duration::from_secs_f64(self.stall_seconds),
            ..RetryPolicy::default()
        };
        Shards::new(&cache_dir().join("webdataset"), self.cache_bytes(), policy, &self.caption)
    }

    fn cache_bytes(&self) -> u64 {
        (self.cache_gb * 1e9) as u64
    }
}
