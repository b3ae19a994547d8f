//! One folder of images per class.

mod dataset;
mod names;
mod part;
mod walk;

use std::path::PathBuf;

use clip_lab_files::Root;
use clip_lab_plugin_api::prelude::*;

use self::dataset::ImageFolderDataset;
pub use self::{
    names::Names,
    part::Part,
    walk::{Found, below},
};

/// Images sorted into one folder per class, as ImageNet, CIFAR or personal collections often are. The classes are the
/// folder names in alphabetical order; images may be in subfolders. Hidden files are ignored.
///
/// Every image also gets one caption, its class in a sentence, so the same folder supports contrastive training and
/// `retrieval`. Splits are either separate roots (`[data.val] root = ...`) or parts of one root (`hold_out`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "image_folder")]
pub struct ImageFolder {
    /// The folder that contains one folder per class, or such a folder in a data set of the hub,
    /// `hf:datasets/ORGANISATION/NAME[@REVISION][/PATH]`, which is downloaded once.
    pub root: PathBuf,
    /// Class names to use instead of the folder names: a list in the order of the folders, or a table of some of them
    /// such as `{ n02111277 = "Newfoundland" }`.
    pub names: Names,
    /// The caption of an image, with `{}` for its class.
    pub template: String,
    /// Which images to use: `all`, or with `hold_out` `train` or `val`.
    pub split: Part,
    /// Fraction of every class that is `val` and not `train`. A hash of the file name decides which images.
    pub hold_out: f64,
    /// Maximum number of images per class, the first by the same hash: 1, 2, 4, ... for few-shot learning, each a
    /// subset of the next. By default all images.
    pub limit_per_class: Option<usize>,
    /// Also read files outside of `root` that links point to. Otherwise an untrusted data set could read private files.
    /// The hub's links to its own cache are always allowed.
    pub allow_outside: bool,
    /// Maximum fraction of images that may be unreadable or outside before a run stops. Images left out are reported.
    pub tolerate: f64,
}

impl Default for ImageFolder {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            names: Names::default(),
            template: "a photo of a {}.".to_owned(),
            split: Part::default(),
            hold_out: 0.0,
            limit_per_class: None,
            allow_outside: false,
            tolerate: TOLERATE,
        }
    }
}

impl Settings for ImageFolder {
    fn check(&self, problems: &mut Problems) {
        problems.require(
            !self.root.as_os_str().is_empty(),
            "root",
            "must be the folder that contains the class folders",
        );
        if let Some(message) = clip_lab_hub::name_error(&self.root) {
            problems.require(false, "root", message);
        }
        let once = self.template.matches("{}").count() == 1;
        problems.require(once, "template", "must contain {} once, for the class");
        problems.require((0.0..1.0).contains(&self.hold_out), "hold_out", "must be at least 0 and below 1");
        let cut = self.hold_out > 0.0;
        let message = "is empty unless `hold_out` sets its fraction of the images";
        problems.require(cut || self.split != Part::Val, "split", message);
        let message = "has no effect unless `split` is \"train\" or \"val\"";
        problems.require(!cut || self.split != Part::All, "hold_out", message);
        problems.require(self.limit_per_class != Some(0), "limit_per_class", "must be at least 1");
        problems.require((0.0..=1.0).contains(&self.tolerate), "tolerate", "must be from 0 to 1");
    }
}

impl Plugin<dyn Dataset> for ImageFolder {
    fn properties(&self) -> DataProperties {
        let here = clip_lab_hub::is_local(&self.root);
        match here.then(|| self.open()) {
            Some(Ok(opened)) => {
                let images = Some(opened.len());
                DataProperties { images, captions: images, problem: None }
            }
            Some(Err(error)) => {
                DataProperties { problem: Some(format!("{error:#}")), ..DataProperties::default() }
            }
            None => DataProperties::default(),
        }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(self.open()?))
    }
}

impl ImageFolder {
    fn open(&self) -> Result<ImageFolderDataset> {
        let root = clip_lab_hub::data_folder(&self.root)?;
        ensure!(root.is_dir(), "there is no folder {}", root.display());
        let root = Root::new(&root).with_context(|| format!("folder {} cannot be read", root.display()))?;
        let root = root.allow_outside(self.allow_outside);
        let folders = walk::folders(&root)?;
        let classes =
            self.names.of(&folders).with_context(|| format!("the classes of {}", self.root.display()))?;
        let captions = classes.iter().map(|class| self.template.replace("{}", class)).collect();
        let mut opened = ImageFolderDataset::new(root.clone(), classes, captions, self.tolerate);
        for (class, folder) in folders.iter().enumerate() {
            let found = walk::images(&root, folder)?;
            opened.record_skipped(found.other_files, found.outside);
            opened.add(class, self.split.of(found.images, self.hold_out, self.limit_per_class));
        }
        opened.check_tolerance()?;
        ensure!(
            opened.len() > 0,
            "split `{}` of {} contains no image: its classes are too small for hold_out = {}",
            self.split.name(),
            self.root.display(),
            self.hold_out
        );
        Ok(opened)
    }
}
