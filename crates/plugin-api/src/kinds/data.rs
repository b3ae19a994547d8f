//! Data sets of images with captions, classes or both.

use anyhow::Result;
use clip_lab_image_io::Image;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, Sampling, TOLERATE};

/// The captions of an image used in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Captions {
    /// One per image, drawn again in every epoch.
    #[default]
    One,
    /// Every caption of every image.
    All,
}

/// Images by index, each with its captions.
pub trait Dataset: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;
    /// Whether there are no images.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// An image: the bytes of its file if there is one, so that only the needed part is decoded; else pixels.
    ///
    /// # Errors
    /// If it is missing; the message names it.
    fn image(&self, index: usize) -> Result<Image>;
    /// The captions of an image: at least one in a data set used for training.
    fn captions(&self, index: usize) -> &[String];
    /// The name of an image in messages and tables: its file name.
    fn name(&self, index: usize) -> String;
    /// Class names; empty if there are no classes.
    fn classes(&self) -> &[String] {
        &[]
    }
    /// The class of an image, an index into [`Dataset::classes`].
    fn class(&self, _index: usize) -> Option<usize> {
        None
    }
    /// Text that changes if an image or the order changes; the key of cached features.
    fn fingerprint(&self) -> String;
    /// Sources and chunks of the data set; none if it is sampled uniformly.
    fn sampling(&self) -> Option<&Sampling> {
        None
    }
    /// Announces the images that will be read next, in order, so that they can be prefetched. Returns immediately.
    fn prefetch(&self, _images: &[usize]) {}
    /// What was left out while opening (missing images, empty captions): one message each.
    fn skipped(&self) -> &[String] {
        &[]
    }
    /// Fraction of the images that may be unreadable. Readers leave these out, report their names, and stop if there
    /// are more ([`crate::tolerated`]). It is a property of the data, not of the run: the same files are used for
    /// training, evaluation, embedding and packing.
    fn tolerate(&self) -> f64 {
        TOLERATE
    }
}

/// Properties of a data set, derived from at most its list of captions, without reading an image.
#[derive(Debug, Clone, Default)]
pub struct DataProperties {
    /// Number of images, if cheap to determine.
    pub images: Option<usize>,
    /// Number of captions.
    pub captions: Option<usize>,
    /// Why it cannot be opened, if this can be determined without a network. Only readers of the data fail: a model can
    /// still be found by its spec if its training data is gone.
    pub problem: Option<String>,
}

impl Kind for dyn Dataset {
    const NAME: &'static str = "data set";
    type Properties = DataProperties;
    type BuildContext<'a> = ();
}
