//! The data set once its folders are listed.

use std::path::PathBuf;

use clip_lab_api::prelude::*;

use crate::stamps::stamps;

/// Pictures with their classes, class by class.
pub struct Opened {
    root: PathBuf,
    /// Paths from the root on, and classes.
    pictures: Vec<(String, usize)>,
    classes: Vec<String>,
    /// One for each class.
    captions: Vec<String>,
    strangers: Vec<String>,
    skipped: Vec<String>,
    tolerate: f64,
}

impl Opened {
    /// Holds no picture yet. There is one caption for each class.
    pub fn new(root: PathBuf, classes: Vec<String>, captions: Vec<String>, tolerate: f64) -> Self {
        let (pictures, strangers, skipped) = Default::default();
        Self { root, classes, captions, pictures, strangers, skipped, tolerate }
    }

    /// Adds pictures of a class.
    pub fn add(&mut self, class: usize, pictures: Vec<String>) {
        self.pictures.extend(pictures.into_iter().map(|picture| (picture, class)));
    }

    /// Says that these files were passed over.
    pub fn strangers(&mut self, files: Vec<String>) {
        self.strangers.extend(files);
        let Some(first) = self.strangers.first() else { return };
        let count = self.strangers.len();
        self.skipped = vec![format!("files that are no pictures by their ending: {count} (first: {first})")];
    }
}

impl Dataset for Opened {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn picture(&self, index: usize) -> Result<Picture> {
        let (file, _) = self.pictures.get(index).with_context(|| format!("there is no picture {index}"))?;
        Picture::read(&self.root.join(file))
    }

    fn captions(&self, index: usize) -> &[String] {
        self.class(index).map_or(&[], |class| std::slice::from_ref(&self.captions[class]))
    }

    fn name(&self, index: usize) -> String {
        self.pictures.get(index).map_or_else(String::new, |(file, _)| file.clone())
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn class(&self, index: usize) -> Option<usize> {
        self.pictures.get(index).map(|(_, class)| *class)
    }

    /// Over the names, sizes and times of change of the picture files, not their contents.
    fn fingerprint(&self) -> String {
        let files = self.pictures.iter().map(|(file, _)| file.as_str());
        format!("image-folder-{}", stamps(&self.root, files))
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn tolerate(&self) -> f64 {
        self.tolerate
    }
}
