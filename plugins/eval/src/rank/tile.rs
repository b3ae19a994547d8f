//! Counting within one tile of scores, in both directions while it is in the cache.

use std::ops::Range;

use super::{
    Both,
    blocks::Block,
    count::{add_higher, add_higher_or_equal, ahead},
};

/// A tile of scores: images in rows, captions in columns.
pub struct Tile<'a, T> {
    /// Row by row.
    pub scores: &'a [T],
    pub down: &'a Block,
    pub across: &'a Block,
}

/// Captions and their images. Captions are sorted by image.
pub struct Pairs<'a, T> {
    /// The score of each caption with its image.
    pub own: &'a [T],
    /// The first caption of each image, then the number of captions.
    pub first: &'a [usize],
    /// Original index of each caption.
    pub order: &'a [usize],
}

impl<T: PartialOrd + Copy> Tile<'_, T> {
    /// Adds to each rank the number of this tile's scores ranked before its own.
    pub fn count(&self, pairs: &Pairs<'_, T>, ranks: &mut Both) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: AVX2 was detected.
            #[allow(unsafe_code)]
            return unsafe { self.count_avx2(pairs, ranks) };
        }
        self.rows(pairs, ranks);
    }

    /// The same loops, compiled for AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn count_avx2(&self, pairs: &Pairs<'_, T>, ranks: &mut Both) {
        self.rows(pairs, ranks);
    }

    #[inline(always)]
    fn rows(&self, pairs: &Pairs<'_, T>, ranks: &mut Both) {
        let rows = self.scores.chunks(self.across.len).skip(self.down.inside().start);
        for (image, row) in self.down.fresh.clone().zip(rows) {
            self.row(image, &row[self.across.inside()], pairs, ranks);
        }
    }

    #[inline(always)]
    fn row(&self, image: usize, row: &[T], pairs: &Pairs<'_, T>, ranks: &mut Both) {
        let Pairs { own, first, order } = *pairs;
        let captions = &self.across.fresh;
        let own_captions = first[image]..first[image + 1];
        let (before, after) = around(&own_captions, captions);
        let at = |range: &Range<usize>| range.start - captions.start..range.end - captions.start;
        // With equal scores, images before a caption's own rank before it and images after it do not.
        add_higher(&row[at(&before)], &own[before.clone()], &mut ranks.image[before]);
        add_higher_or_equal(&row[at(&after)], &own[after.clone()], &mut ranks.image[after]);
        let here = &order[captions.clone()];
        for one in own_captions {
            ranks.caption[one] += ahead(row, own[one], |other| here[other] < order[one]);
        }
    }
}

/// The parts of `all` before and after `own_captions`.
fn around(own_captions: &Range<usize>, all: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let inside = |place: usize| place.clamp(all.start, all.end);
    // Captions of earlier images, then captions of later images.
    (all.start..inside(own_captions.start), inside(own_captions.end)..all.end)
}
