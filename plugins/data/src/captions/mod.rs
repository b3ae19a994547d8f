//! A folder of pictures and a file of captions.

mod csv;
mod folder;
mod karpathy;
mod list;
mod opened;

use std::path::PathBuf;

use clip_lab_api::prelude::*;

use self::{list::Listed, opened::Opened};
use crate::Split;

/// Photographs with captions written by people, such as Flickr8k, Flickr30k or COCO: a folder of pictures and a list
/// of captions, either a CSV (`image,caption`, as Kaggle has them) or a Karpathy JSON (`dataset_*.json`). Several
/// captions of a picture stay together, in order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "captions")]
pub struct CaptionFolder {
    /// The data set's folder.
    pub root: PathBuf,
    /// The list of captions, from `root` on. When left out: the `dataset_*.json` there, since it carries the published
    /// splits, else `captions.txt` or `captions.csv`.
    pub file: Option<PathBuf>,
    /// The folder of pictures, from `root` on. When left out: `Images`, `images`, else `root` itself.
    pub images: Option<PathBuf>,
    /// `train` (with COCO's `restval`), `val`, `test` or `all`.
    pub split: Split,
    /// Where the list names no splits, the part of the pictures that is for validation. A hash of the file name
    /// decides, so all captions of a picture are on one side.
    pub val_fraction: f64,
    /// As `val_fraction`, for test.
    pub test_fraction: f64,
}

impl Default for CaptionFolder {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            file: None,
            images: None,
            split: Split::default(),
            val_fraction: 0.1,
            test_fraction: 0.1,
        }
    }
}

impl Settings for CaptionFolder {
    fn check(&self, faults: &mut Faults) {
        faults.require(!self.root.as_os_str().is_empty(), "root", "name the folder of the data set");
        for (key, value) in [("val_fraction", self.val_fraction), ("test_fraction", self.test_fraction)] {
            faults.require((0.0..1.0).contains(&value), key, "a fraction is at least 0 and below 1");
        }
        let rest = self.val_fraction + self.test_fraction < 1.0;
        faults.require(rest, "val_fraction", "with `test_fraction` it leaves nothing to train on");
    }
}

impl Plugin<dyn Dataset> for CaptionFolder {
    fn facts(&self) -> DataFacts {
        let Ok(opened) = self.open() else { return DataFacts::default() };
        let captions = opened.pictures.iter().map(|picture| picture.captions.len()).sum();
        DataFacts { pictures: Some(opened.pictures.len()), captions: Some(captions) }
    }

    fn build(&self, _scope: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(self.open()?))
    }
}

impl CaptionFolder {
    fn open(&self) -> Result<Opened> {
        let file = folder::find_list(&self.root, self.file.as_deref())?;
        let folder = folder::find_pictures(&self.root, self.images.as_deref())?;
        let list = list::read(&file)?;
        let mut opened = Opened { folder, pictures: list.pictures, skipped: list.notes };
        opened.pictures.retain(|picture| self.split.holds(self.part(picture)));
        ensure!(
            !opened.pictures.is_empty(),
            "no picture of {} is in split `{}`",
            file.display(),
            self.split.name()
        );
        opened.drop_missing();
        opened.drop_empty();
        ensure!(
            !opened.pictures.is_empty(),
            "nothing of {} is left: {}",
            file.display(),
            opened.skipped.join("; ")
        );
        Ok(opened)
    }

    fn part(&self, picture: &Listed) -> Split {
        picture.split.unwrap_or_else(|| Split::of(&picture.file, self.val_fraction, self.test_fraction))
    }
}
