//! A folder of images with a file of captions.

mod coco;
mod columns;
mod csv;
mod dataset;
mod find;
mod format;
mod jsonl;
mod karpathy;
mod list;
mod parquet;
mod read;

use std::path::PathBuf;

use clip_lab_plugin_api::prelude::*;

use self::dataset::CaptionDataset;
pub use self::format::Format;
use crate::Split;

/// Images with captions, such as Flickr8k, Flickr30k, COCO or a data set of the Hugging Face hub: images and a list of
/// captions. The list is a table (Kaggle's Flickr8k CSV, Flickr30k's `results.csv`, open_clip's TSV), a Karpathy JSON
/// (`dataset_*.json`), COCO's `captions_*.json`, Hugging Face's `metadata.jsonl` or `metadata.csv`, or Parquet with the
/// images in it. Several captions of an image stay together, in order.
///
/// With one list per split (`captions_val2017.json`, `data/train-00000-of-00002.parquet`, `test/metadata.jsonl`), the
/// split is taken from the names of file and folder; a column `split` takes precedence.
///
/// Images in Parquet files are read page by page: captions and row group offsets of each file stay in memory, and up to
/// 256 MB of recently read pages.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "captions")]
pub struct CaptionFolder {
    /// The data set's folder, or a data set of the hub, `hf:datasets/ORGANISATION/NAME[@REVISION][/PATH]`, which is
    /// downloaded once.
    pub root: PathBuf,
    /// The list of captions, or a folder of lists, relative to `root`. By default the first that exists of:
    /// `dataset_*.json` (it carries the published splits); `captions.txt`, `captions.csv` or `results.csv`;
    /// `captions_*.json`, also in `annotations`; every `metadata.jsonl` or `.csv`; every `.parquet`; tables named after
    /// splits.
    pub file: Option<PathBuf>,
    /// Format of the list; by default detected from its name and first characters.
    pub format: Option<Format>,
    /// The column with the image files or, in Parquet, the images. By default `file_name`, `image`, `image_name`,
    /// `filename`, `filepath` or `image_path`.
    pub image_column: Option<String>,
    /// The column with the captions, a text or a list of texts; or `NAME` for columns `NAME_0`, `NAME_1` and so on. By
    /// default `caption`, `comment`, `title`, `text` or `captions`.
    pub caption_column: Option<String>,
    /// The folder of images, relative to `root`. By default `Images`, `images` or `flickr30k_images`, else `root`
    /// itself; for a `metadata.*` its own folder.
    pub images: Option<PathBuf>,
    /// `train` (including COCO's `restval`), `val`, `test` or `all`.
    pub split: Split,
    /// Fraction of the images used for validation if the list has no splits. A hash of the file name decides, so all
    /// captions of an image are in one split.
    pub val_fraction: f64,
    /// Like `val_fraction`, for the test split.
    pub test_fraction: f64,
    /// For images in Parquet files: reads the row groups in random order and shuffles within a buffer of this many
    /// pairs, instead of a full shuffle. Every page is then read once; with a full shuffle a page is read again for
    /// nearly every image, unless all pages fit into memory.
    pub shuffle_buffer: Option<usize>,
    /// Also read files outside of `root` that lists name (absolute paths, `..`) or links point to. Otherwise an
    /// untrusted data set could read private files. The hub's links to its own cache are always allowed, and so are
    /// `file` and `images`.
    pub allow_outside: bool,
    /// Maximum fraction of list rows, captions and images that may be missing, empty or unreadable; above it the data
    /// set is rejected or the run stops. Everything left out is reported.
    pub tolerate: f64,
}

impl Default for CaptionFolder {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            file: None,
            format: None,
            image_column: None,
            caption_column: None,
            images: None,
            split: Split::default(),
            val_fraction: 0.1,
            test_fraction: 0.1,
            shuffle_buffer: None,
            allow_outside: false,
            tolerate: TOLERATE,
        }
    }
}

impl Settings for CaptionFolder {
    fn check(&self, problems: &mut Problems) {
        problems.require(!self.root.as_os_str().is_empty(), "root", "must be the folder of the data set");
        if let Some(message) = clip_lab_hub::name_error(&self.root) {
            problems.require(false, "root", message);
        }
        for (key, value) in [("val_fraction", self.val_fraction), ("test_fraction", self.test_fraction)] {
            problems.require((0.0..1.0).contains(&value), key, "must be at least 0 and below 1");
        }
        let rest = self.val_fraction + self.test_fraction < 1.0;
        problems.require(
            rest,
            "val_fraction",
            "leaves nothing to train on: val_fraction + test_fraction must be below 1",
        );
        problems.require(self.shuffle_buffer != Some(0), "shuffle_buffer", "must be at least 1");
        problems.require((0.0..=1.0).contains(&self.tolerate), "tolerate", "must be from 0 to 1");
    }
}

impl Plugin<dyn Dataset> for CaptionFolder {
    fn properties(&self) -> DataProperties {
        let here = clip_lab_hub::is_local(&self.root);
        let opened = match here.then(|| self.open()) {
            Some(Ok(opened)) => opened,
            Some(Err(error)) => {
                return DataProperties { problem: Some(format!("{error:#}")), ..DataProperties::default() };
            }
            None => return DataProperties::default(),
        };
        let captions = opened.images.iter().map(|image| image.captions.len()).sum();
        DataProperties { images: Some(opened.images.len()), captions: Some(captions), problem: None }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(self.open()?))
    }
}

impl CaptionFolder {
    /// Opens the data set, downloading it from the hub first if needed.
    fn open(&self) -> Result<CaptionDataset> {
        let root = clip_lab_hub::data_folder(&self.root)?;
        Self { root, ..self.clone() }.read()
    }
}
