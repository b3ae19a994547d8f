//! A folder of images and a file of captions.

mod coco;
mod columns;
mod csv;
mod find;
mod format;
mod jsonl;
mod karpathy;
mod list;
mod opened;
mod parquet;
mod read;

use std::path::PathBuf;

use clip_lab_api::prelude::*;

pub use self::format::Format;
use self::opened::Opened;
use crate::Split;

/// Photographs with captions, such as Flickr8k, Flickr30k, COCO or a data set of the Hugging Face hub: images and a list
/// of captions. The list is a table (Kaggle's Flickr8k CSV, Flickr30k's `results.csv`, open_clip's TSV), a Karpathy JSON
/// (`dataset_*.json`), COCO's `captions_*.json`, Hugging Face's `metadata.jsonl` or `metadata.csv`, or Parquet with the
/// images in it. Several captions of an image stay together, in order.
///
/// Lists of which there is one for each split (`captions_val2017.json`, `data/train-00000-of-00002.parquet`,
/// `test/metadata.jsonl`) are told apart by the names of file and folder; a column `split` says it too, and wins.
///
/// Images in Parquet files are read by their pages: of each file the captions and the places of its row groups are in
/// memory, and of pages up to 256 MB, those that were read last.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "captions")]
pub struct CaptionFolder {
    /// The data set's folder, or a data set of the hub, `hf:datasets/ORGANISATION/NAME[@REVISION][/PATH]`, which is
    /// fetched once.
    pub root: PathBuf,
    /// The list of captions, from `root` on, or a folder of lists. When left out: the `dataset_*.json` there, since it
    /// carries the published splits, else `captions.txt`, `captions.csv` or `results.csv`, else `captions_*.json`, also in
    /// `annotations`, else every `metadata.jsonl` or `.csv`, else every `.parquet`, else tables that are named by split.
    pub file: Option<PathBuf>,
    /// How the list is written, where its name and its first characters do not tell.
    pub format: Option<Format>,
    /// The column with the files of the images, or in Parquet with the images. When left out, `file_name`, `image`,
    /// `image_name`, `filename`, `filepath` or `image_path`.
    pub image_column: Option<String>,
    /// The column with the captions, a text or a list of texts; or `NAME` for columns `NAME_0`, `NAME_1` and so on. When
    /// left out, `caption`, `comment`, `title`, `text` or `captions`.
    pub caption_column: Option<String>,
    /// The folder of images, from `root` on. When left out: `Images`, `images` or `flickr30k_images`, else `root`
    /// itself; for a `metadata.*` the folder that it lies in.
    pub images: Option<PathBuf>,
    /// `train` (with COCO's `restval`), `val`, `test` or `all`.
    pub split: Split,
    /// Where the list names no splits, the part of the images that is for validation. A hash of the file name
    /// decides, so all captions of an image are on one side.
    pub val_fraction: f64,
    /// As `val_fraction`, for test.
    pub test_fraction: f64,
    /// For images in Parquet files: go through the row groups in random order, and within so many pairs at random,
    /// instead of any pair after any. It reads every page once; without it a page is read anew for nearly every image,
    /// unless all fit into memory.
    pub shuffle_buffer: Option<usize>,
    /// Also read what lies outside of `root`, where lists name it (absolute paths, `..`) or links lead to it. A data set
    /// from elsewhere could otherwise take in private files. The hub's links to its own cache need no permission, and
    /// neither do `file` and `images`.
    pub allow_outside: bool,
    /// The share of rows of the list, of captions and of images that may be missing, empty or unreadable, before the data
    /// set is refused or the run stops. Everything that is left out is told.
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
    fn check(&self, faults: &mut Faults) {
        faults.require(!self.root.as_os_str().is_empty(), "root", "name the folder of the data set");
        if let Some(message) = clip_lab_hub::fault(&self.root) {
            faults.require(false, "root", message);
        }
        for (key, value) in [("val_fraction", self.val_fraction), ("test_fraction", self.test_fraction)] {
            faults.require((0.0..1.0).contains(&value), key, "a fraction is at least 0 and below 1");
        }
        let rest = self.val_fraction + self.test_fraction < 1.0;
        faults.require(rest, "val_fraction", "with `test_fraction` it leaves nothing to train on");
        faults.require(self.shuffle_buffer != Some(0), "shuffle_buffer", "must be at least 1");
        faults.require((0.0..=1.0).contains(&self.tolerate), "tolerate", "a share is from 0 to 1");
    }
}

impl Plugin<dyn Dataset> for CaptionFolder {
    fn facts(&self) -> DataFacts {
        let here = clip_lab_hub::is_here(&self.root);
        let opened = match here.then(|| self.open()) {
            Some(Ok(opened)) => opened,
            Some(Err(error)) => {
                return DataFacts { fault: Some(format!("{error:#}")), ..DataFacts::default() };
            }
            None => return DataFacts::default(),
        };
        let captions = opened.pictures.iter().map(|picture| picture.captions.len()).sum();
        DataFacts { pictures: Some(opened.pictures.len()), captions: Some(captions), fault: None }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(self.open()?))
    }
}

impl CaptionFolder {
    /// What the folder holds, fetched first if it is the hub's.
    fn open(&self) -> Result<Opened> {
        let root = clip_lab_hub::data_folder(&self.root)?;
        Self { root, ..self.clone() }.read()
    }
}
