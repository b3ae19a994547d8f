//! A folder of images, as a data set.

use std::path::Path;

use clip_lab_files::Root;
use clip_lab_plugin_api::prelude::*;

use crate::stamps::stamps;

/// Reason for leaving out an image outside of the data set, with the remedy.
const OUTSIDE: &str = "outside of the data set's folder, which requires `allow_outside = true`";

/// Images with their classes, class by class.
pub struct ImageFolderDataset {
    root: Root,
    /// Paths relative to the root, and classes.
    images: Vec<(String, usize)>,
    classes: Vec<String>,
    /// One per class.
    captions: Vec<String>,
    other_files: Vec<String>,
    outside: Vec<String>,
    skipped: Vec<String>,
    tolerate: f64,
}

impl ImageFolderDataset {
    /// Without images; `captions` has one entry per class.
    pub fn new(root: Root, classes: Vec<String>, captions: Vec<String>, tolerate: f64) -> Self {
        let (images, other_files, outside, skipped) = Default::default();
        Self { root, classes, captions, images, other_files, outside, skipped, tolerate }
    }

    /// Adds images of a class.
    pub fn add(&mut self, class: usize, images: Vec<String>) {
        self.images.extend(images.into_iter().map(|image| (image, class)));
    }

    /// Records skipped files: files that are not images, and images outside of the root.
    pub fn record_skipped(&mut self, other_files: Vec<String>, outside: Vec<String>) {
        self.other_files.extend(other_files);
        self.outside.extend(outside);
    }

    /// Summarises what was skipped.
    ///
    /// # Errors
    /// If more images are outside than `tolerate` allows.
    pub fn check_tolerance(&mut self) -> Result<()> {
        let (all, outside) = (self.images.len() + self.outside.len(), &self.outside);
        tolerated(self.tolerate, outside, all, &format!("images, {OUTSIDE},"))?;
        let summary = |what: &str, files: &[String]| {
            let first = files.first()?;
            Some(format!("{what}: {} (first: {first})", files.len()))
        };
        let other = summary("files without an image extension", &self.other_files);
        let outside = summary(&format!("images {OUTSIDE}"), outside);
        self.skipped = other.into_iter().chain(outside).collect();
        Ok(())
    }
}

impl Dataset for ImageFolderDataset {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn image(&self, index: usize) -> Result<Image> {
        let (file, _) = self.images.get(index).with_context(|| format!("there is no image {index}"))?;
        let path = self.root.below(Path::new(file)).with_context(|| format!("image {file}"))?;
        Image::read(&path)
    }

    fn captions(&self, index: usize) -> &[String] {
        self.class(index).map_or(&[], |class| std::slice::from_ref(&self.captions[class]))
    }

    fn name(&self, index: usize) -> String {
        self.images.get(index).map_or_else(String::new, |(file, _)| file.clone())
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn class(&self, index: usize) -> Option<usize> {
        self.images.get(index).map(|(_, class)| *class)
    }

    /// Hashes names, sizes and modification times of the image files, not their contents.
    fn fingerprint(&self) -> String {
        let files = self.images.iter().map(|(file, _)| file.as_str());
        format!("image-folder-{}", stamps(self.root.path(), files))
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn tolerate(&self) -> f64 {
        self.tolerate
    }
}
