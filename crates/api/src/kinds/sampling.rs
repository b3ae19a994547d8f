//! How an epoch goes through a data set that is not one heap of images.

use std::ops::Range;

/// What an epoch takes from where, and how far it may jump. It stays a matter of (seed, epoch) alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// The parts that are mixed, one after the other and all of the data set: an epoch, which is as long as the data
    /// set, takes from each according to its weight. A part is gone through to its end before anything of it comes
    /// again, over as many epochs as that takes.
    pub sources: Vec<SourceShare>,
    /// Images that lie together, in order and all of the data set; what is read soon after one of them is cheap.
    pub chunks: Vec<Range<usize>>,
    /// Pairs among which each is drawn while chunks are gone through in random order; none: any pair may follow any.
    pub buffer: Option<usize>,
}

/// A part of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceShare {
    /// Its images.
    pub pictures: Range<usize>,
    /// How much of an epoch it is, beside the weights of the others.
    pub weight: f64,
}
