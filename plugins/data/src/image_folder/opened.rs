//! The data set once its folders are listed.

use std::path::Path;

use clip_lab_api::prelude::*;
use clip_lab_files::Root;

use crate::stamps::stamps;

/// Why an image outside of the data set is left out, and what to do about it.
const OUTSIDE: &str = "outside of the data set's folder, which only `allow_outside = true` allows";

/// Images with their classes, class by class.
pub struct Opened {
    root: Root,
    /// Paths from the root on, and classes.
    pictures: Vec<(String, usize)>,
    classes: Vec<String>,
    /// One for each class.
    captions: Vec<String>,
    strangers: Vec<String>,
    outside: Vec<String>,
    skipped: Vec<String>,
    tolerate: f64,
}

impl Opened {
    /// Holds no image yet. There is one caption for each class.
    pub fn new(root: Root, classes: Vec<String>, captions: Vec<String>, tolerate: f64) -> Self {
        let (pictures, strangers, outside, skipped) = Default::default();
        Self { root, classes, captions, pictures, strangers, outside, skipped, tolerate }
    }

    /// Adds images of a class.
    pub fn add(&mut self, class: usize, pictures: Vec<String>) {
        self.pictures.extend(pictures.into_iter().map(|picture| (picture, class)));
    }

    /// These files were passed over: what is no image, and images outside of the root.
    pub fn pass_over(&mut self, strangers: Vec<String>, outside: Vec<String>) {
        self.strangers.extend(strangers);
        self.outside.extend(outside);
    }

    /// Says what was passed over.
    ///
    /// # Errors
    /// When more images lie outside than may be left out.
    pub fn judge(&mut self) -> Result<()> {
        let (all, outside) = (self.pictures.len() + self.outside.len(), &self.outside);
        tolerated(self.tolerate, outside, all, &format!("pictures, {OUTSIDE},"))?;
        let told = |what: &str, files: &[String]| {
            let first = files.first()?;
            Some(format!("{what}: {} (first: {first})", files.len()))
        };
        let strange = told("files that are no pictures by their ending", &self.strangers);
        let outside = told(&format!("pictures {OUTSIDE}"), outside);
        self.skipped = strange.into_iter().chain(outside).collect();
        Ok(())
    }
}

impl Dataset for Opened {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn picture(&self, index: usize) -> Result<Picture> {
        let (file, _) = self.pictures.get(index).with_context(|| format!("there is no picture {index}"))?;
        let path = self.root.below(Path::new(file)).with_context(|| format!("picture {file}"))?;
        Picture::read(&path)
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

    /// Over the names, sizes and times of change of the image files, not their contents.
    fn fingerprint(&self) -> String {
        let files = self.pictures.iter().map(|(file, _)| file.as_str());
        format!("image-folder-{}", stamps(self.root.path(), files))
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn tolerate(&self) -> f64 {
        self.tolerate
    }
}
