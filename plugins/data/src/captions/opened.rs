//! The data set once its list is read.

use std::path::PathBuf;

use clip_lab_api::prelude::*;

use super::{folder::Folder, list::Listed};
use crate::stamps::stamps;

/// Pictures that are there, each with its captions.
pub struct Opened {
    /// Where the pictures lie.
    pub folder: PathBuf,
    /// In the order of the list.
    pub pictures: Vec<Listed>,
    /// What was left out, a sentence each.
    pub skipped: Vec<String>,
}

impl Opened {
    /// Leaves out pictures that are listed and not there.
    pub fn drop_missing(&mut self) {
        let mut folder = Folder::new(&self.folder);
        let missing: Vec<Listed> =
            self.pictures.extract_if(.., |picture| !folder.holds(&picture.file)).collect();
        self.note(&missing, &format!("listed but not in {}", self.folder.display()));
    }

    /// Leaves out empty captions, and pictures that have no other.
    pub fn drop_empty(&mut self) {
        let (mut empty, mut first) = (0, None);
        for picture in &mut self.pictures {
            let before = picture.captions.len();
            picture.captions.retain(|caption| !caption.is_empty());
            if picture.captions.len() < before {
                empty += before - picture.captions.len();
                first.get_or_insert_with(|| picture.file.clone());
            }
        }
        if let Some(first) = first {
            self.skipped.push(format!("empty captions left out: {empty} (first: one of {first})"));
        }
        let bare: Vec<Listed> = self.pictures.extract_if(.., |picture| picture.captions.is_empty()).collect();
        self.note(&bare, "without a caption");
    }

    fn note(&mut self, gone: &[Listed], why: &str) {
        let names: Vec<&str> = gone.iter().take(3).map(|picture| picture.file.as_str()).collect();
        if !names.is_empty() {
            let more = if gone.len() > names.len() { ", ..." } else { "" };
            self.skipped.push(format!("pictures {why}: {} ({}{more})", gone.len(), names.join(", ")));
        }
    }

    fn path(&self, index: usize) -> Result<PathBuf> {
        let picture = self.pictures.get(index).with_context(|| format!("there is no picture {index}"))?;
        Ok(self.folder.join(&picture.file))
    }
}

impl Dataset for Opened {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn picture(&self, index: usize) -> Result<Picture> {
        Picture::read(&self.path(index)?)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.pictures.get(index).map_or(&[], |picture| &picture.captions)
    }

    fn name(&self, index: usize) -> String {
        self.pictures.get(index).map_or_else(String::new, |picture| picture.file.clone())
    }

    /// Over the names, sizes and times of change of the picture files, not their contents (that would read the whole
    /// data set) and not the captions, which picture features do not depend on.
    fn fingerprint(&self) -> String {
        let files = self.pictures.iter().map(|picture| picture.file.as_str());
        format!("captions-{}", stamps(&self.folder, files))
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }
}
