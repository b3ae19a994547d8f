//! Sampling of a data set with several sources or with chunks.

use std::ops::Range;

/// How an epoch samples the data set. Deterministic given (seed, epoch).
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// The sources that are mixed, consecutive and covering the data set: an epoch, as long as the data set, takes
    /// items from each according to its weight. A source is exhausted before any of its items repeats, over as many
    /// epochs as needed.
    pub sources: Vec<SourceShare>,
    /// Images stored together, consecutive and covering the data set; reading a chunk's images close in time is cheap.
    pub chunks: Vec<Range<usize>>,
    /// Size of the shuffle buffer, in pairs, if chunks are read in random order; none: a full shuffle.
    pub buffer: Option<usize>,
}

/// A source of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceShare {
    /// Its images.
    pub images: Range<usize>,
    /// Share of an epoch, relative to the weights of the other sources.
    pub weight: f64,
}
