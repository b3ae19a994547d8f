//! What a folder of images holds, and the tables of a spec that read it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};
use clip_lab_cli::NewTask;
use clip_lab_plugin_api::{Dataset, Plugin as _};
use plugins_data::{CaptionFolder, ImageFolder, Split};

/// Share of the training images of a class folder that are kept for validation where there is no split.
const HOLD_OUT: f64 = 0.1;

/// A data set in a folder.
#[derive(Debug)]
pub struct Found {
    root: PathBuf,
    /// Whether images have captions.
    pub captions: bool,
    /// Training images.
    pub images: usize,
    /// Classes; 0 without class folders.
    pub classes: usize,
    /// The splits besides `train`.
    splits: Vec<&'static str>,
    /// Whether each split is a folder of its own.
    folders: bool,
}

impl Found {
    /// Images with captions, else class folders.
    ///
    /// # Errors
    /// If the folder holds neither.
    pub fn in_folder(root: &Path) -> Result<Self> {
        ensure!(root.is_dir(), "`{}` is not a folder", root.display());
        let root = root.canonicalize()?;
        match captions(&root, Split::Train) {
            Ok(train) => Ok(Self::captioned(root, train.as_ref())),
            Err(no_captions) => Self::classes(root).map_err(|no_classes| {
                anyhow::anyhow!(
                    "no data set found. As images with captions: {no_captions:#}. As class folders: {no_classes:#}"
                )
            }),
        }
    }

    fn captioned(root: PathBuf, train: &dyn Dataset) -> Self {
        let others = [("val", Split::Val), ("test", Split::Test)];
        let held = |split| captions(&root, split).is_ok_and(|data| data.len() > 1);
        let splits = others.into_iter().filter(|(_, split)| held(*split)).map(|(name, _)| name).collect();
        Self { captions: true, images: train.len(), classes: 0, splits, folders: false, root }
    }

    fn classes(root: PathBuf) -> Result<Self> {
        let folders = root.join("train").is_dir();
        let open = |root: PathBuf| ImageFolder { root, ..ImageFolder::default() }.build(());
        let train = open(if folders { root.join("train") } else { root.clone() })?;
        let splits =
            ["val", "test"].into_iter().filter(|split| folders && root.join(split).is_dir()).collect();
        let classes = train.classes().len();
        if classes < 2 {
            bail!("{} class in {}", classes, root.display());
        }
        Ok(Self { captions: false, images: train.len(), classes, splits, folders, root })
    }

    /// A batch that leaves at least four steps in an epoch.
    pub fn batch(&self) -> usize {
        let most = self.images.max(8) / 4;
        [128, 64, 32, 16, 8, 4].into_iter().find(|batch| *batch <= most).unwrap_or(2)
    }

    /// The `[data.*]` tables.
    ///
    /// # Errors
    /// If the path is not valid UTF-8.
    pub fn tables(&self, task: NewTask) -> Result<String> {
        let Some(root) = self.root.to_str() else { bail!("{} is not valid UTF-8", self.root.display()) };
        Ok(match (task, self.folders) {
            (NewTask::Classify, true) => self.split_folders(root),
            (NewTask::Classify, false) => format!(
                "[data.train]\nplugin = \"image_folder\"\nroot = {root:?}\nsplit = \"train\"\n# This share of each class is \
                 kept for validation.\nhold_out = {HOLD_OUT}\n\n[data.val]\nsplit = \"val\""
            ),
            _ => self.caption_list(root),
        })
    }

    fn caption_list(&self, root: &str) -> String {
        let mut text = format!("[data.train]\nplugin = \"captions\"\nroot = {root:?}\nsplit = \"train\"");
        for split in &self.splits {
            text += &format!("\n\n[data.{split}]\nsplit = \"{split}\"");
        }
        text
    }

    fn split_folders(&self, root: &str) -> String {
        let table = |split: &str| format!("root = {:?}\nsplit = \"all\"", format!("{root}/{split}"));
        let mut text = format!("[data.train]\nplugin = \"image_folder\"\n{}", table("train"));
        for split in &self.splits {
            text += &format!("\n\n[data.{split}]\n{}", table(split));
        }
        text
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} training images", self.images)?;
        if self.classes > 0 { write!(f, " of {} classes", self.classes) } else { write!(f, " with captions") }
    }
}

fn captions(root: &Path, split: Split) -> Result<Box<dyn Dataset>> {
    CaptionFolder { root: root.to_owned(), split, ..CaptionFolder::default() }.build(())
}
