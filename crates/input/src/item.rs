//! The pairs that loader threads read.

use clip_lab_plugin_api::Rng;
use rand::Rng as _;

/// A pair to read: an image with a given caption, or with one drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Index in the data set.
    pub image: usize,
    /// Index of the caption; none if the worker draws one.
    pub caption: Option<usize>,
    /// Index of the item before shuffling, the key of its randomness.
    pub index: u64,
    /// The epoch, from 0.
    pub epoch: u64,
}

/// Draws the caption of an item: the first draw of the item's random stream.
pub(super) fn draw_caption(rng: &mut Rng, captions: usize) -> usize {
    rng.random_range(0..captions)
}
