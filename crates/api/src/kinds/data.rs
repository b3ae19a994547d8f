//! Data sets of images with captions, classes or both.

use anyhow::Result;
use clip_lab_picture::Picture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, Sampling, TOLERATE};

/// Which captions of an image an epoch uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Captions {
    /// One for each image, drawn anew in every epoch.
    #[default]
    One,
    /// Every caption of every image.
    All,
}

/// Images by index, each with its captions.
pub trait Dataset: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// An image: the bytes of its file where there is one, so that only what is needed of it is decoded, else pixels.
    ///
    /// # Errors
    /// When it is missing; the message names it.
    fn picture(&self, index: usize) -> Result<Picture>;
    /// The captions of an image: at least one in a data set that is trained on.
    fn captions(&self, index: usize) -> &[String];
    /// What to call an image in messages and tables: its file name.
    fn name(&self, index: usize) -> String;
    /// Names of the classes; empty when there are none.
    fn classes(&self) -> &[String] {
        &[]
    }
    /// The class of an image, an index into [`Dataset::classes`].
    fn class(&self, _index: usize) -> Option<usize> {
        None
    }
    /// Text that changes whenever an image or their order does; the key under which features are cached.
    fn fingerprint(&self) -> String;
    /// What is mixed and what lies together; none where every image is as near as every other.
    fn sampling(&self) -> Option<&Sampling> {
        None
    }
    /// Says which images will be read next, in order, so that they can be fetched ahead. Returns at once.
    fn ahead(&self, _pictures: &[usize]) {}
    /// What was left out while opening (missing images, empty captions): a sentence each.
    fn skipped(&self) -> &[String] {
        &[]
    }
    /// The share of its images that may turn out to be unreadable. Whoever reads them leaves those out by name, and
    /// stops when there are more ([`crate::tolerated`]). It belongs to the data and not to the run: the same files are
    /// trained on, evaluated, embedded and packed, and images from the web are not what a test split is.
    fn tolerate(&self) -> f64 {
        TOLERATE
    }
}

/// What a data set's settings alone say, with at most its list of captions read and no image.
#[derive(Debug, Clone, Default)]
pub struct DataFacts {
    /// Number of images, where it can be told cheaply.
    pub pictures: Option<usize>,
    /// Number of captions.
    pub captions: Option<usize>,
    /// Why it cannot be opened, where that is seen without a network. It stops what reads the data, and nothing else:
    /// a model is found by its spec though what it was trained on is gone.
    pub fault: Option<String>,
}

impl Kind for dyn Dataset {
    const NAME: &'static str = "data set";
    type Facts = DataFacts;
    type Scope<'a> = ();
}
