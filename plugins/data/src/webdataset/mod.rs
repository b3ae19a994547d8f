//! Tar shards in the layout of webdataset.

mod ahead;
mod classes;
mod gather;
mod list;
mod opened;
mod skipped;

use std::time::Duration;

use clip_lab_api::prelude::*;
use clip_lab_shards::{Patience, Shards};

use self::gather::Gathered;
pub use self::list::{ShardList, Source};

/// Images in tar shards, as img2dataset, open_clip and `clip-lab data pack` write them: `KEY.jpg` (`.png`, `.webp`)
/// beside `KEY.txt` or `KEY.json` with the caption, or `KEY.cls` with a class. Shards lie on disk, behind
/// `https://`, `s3://` or `gs://` (keys for the latter two come from the environment, as their own tools read them), or
/// in a data set of the hub, `hf:datasets/ORGANISATION/NAME[@REVISION]/train-{0000..0575}.tar`.
///
/// Every shard is read through once, for an index that is kept in the cache folder; that takes about a second for
/// 10,000 images on disk, and over the network as long as fetching the shard. Images are then read by their place,
/// so that one seed gives one order, stopped and resumed or not. The index takes about 300 bytes of memory an image.
/// Shards from elsewhere are cached whole; what lies at an address is taken not to change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "webdataset")]
pub struct WebDataset {
    /// The shards: a path or address with brace patterns, such as `data/cc3m-{000000..000331}.tar`, or a folder of
    /// shards; a list of them; or a list of tables `{ path = "...", weight = 2.0 }`, of which an epoch takes by weight.
    pub shards: ShardList,
    /// The key of the caption in `.json`, a text or a list of texts. Without it `.txt` is the caption.
    pub caption: String,
    /// Names of the classes, by the numbers in `.cls`. When left out: those numbers, or the names that `.cls` holds in
    /// alphabetical order.
    pub classes: Vec<String>,
    /// The caption of an image that has a class and no caption; the class goes where `{}` stands.
    pub template: String,
    /// Go through the shards in random order, and within so many pairs at random, instead of any pair after any: for
    /// shards that do not fit the cache, and disks that are slow to jump. Several times the size of a shard is good.
    pub shuffle_buffer: Option<usize>,
    /// Gigabytes of fetched shards that are kept; those unused for longest go first.
    pub cache_gb: f64,
    /// Seconds without a byte after which a server is asked anew.
    pub stall_seconds: f64,
    /// How often in a row a server may fail before a shard is given up; pauses grow from half a second to half a minute.
    pub tries: u32,
    /// The share of shards that may be missing or cut short, and of images that may be unusable, before the data set
    /// is refused. Everything that is left out is told.
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
    fn check(&self, faults: &mut Faults) {
        match self.shards.places() {
            Ok(places) => faults.require(
                !places.is_empty(),
                "shards",
                "name the shards, such as \"data/train-{000000..000012}.tar\"",
            ),
            Err(error) => faults.require(false, "shards", format!("{error:#}")),
        }
        let message = "weights are more than 0, and either all sources have one or none";
        faults.require(self.shards.weights_fit(), "shards", message);
        let once = self.template.matches("{}").count() == 1;
        faults.require(once, "template", "must hold {} once, where the class goes");
        faults.require(!self.caption.is_empty(), "caption", "name a key of the JSON");
        faults.require(self.shuffle_buffer != Some(0), "shuffle_buffer", "must be at least 1");
        faults.require(self.cache_gb > 0.0, "cache_gb", "must be more than 0");
        let stall = (0.01..=86_400.0).contains(&self.stall_seconds);
        faults.require(stall, "stall_seconds", "must be from 0.01 to 86400");
        faults.require(self.tries > 0, "tries", "must be at least 1");
        faults.require((0.0..=1.0).contains(&self.tolerate), "tolerate", "a share is from 0 to 1");
    }
}

impl Plugin<dyn Dataset> for WebDataset {
    /// Nothing is fetched for these.
    fn facts(&self) -> DataFacts {
        let Ok(places) = self.shards.places() else { return DataFacts::default() };
        let shards = self.reader();
        if !places.iter().flatten().all(|place| shards.is_known(place)) {
            return DataFacts::default();
        }
        let opened = match Gathered::read(self, shards).and_then(|gathered| gathered.open(self)) {
            Ok(opened) => opened,
            Err(error) => return DataFacts { fault: Some(format!("{error:#}")), ..DataFacts::default() },
        };
        let captions = (0..opened.len()).map(|index| opened.captions(index).len()).sum();
        DataFacts { pictures: Some(opened.len()), captions: Some(captions), fault: None }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(Gathered::read(self, self.reader())?.open(self)?))
    }
}

impl WebDataset {
    fn reader(&self) -> Shards {
        let patience = Patience {
            tries: self.tries,
            stall: Duration::from_secs_f64(self.stall_seconds),
            ..Patience::default()
        };
        Shards::new(&cache_dir().join("webdataset"), self.cache_bytes(), patience, &self.caption)
    }

    fn cache_bytes(&self) -> u64 {
        (self.cache_gb * 1e9) as u64
    }
}
