//! Counting within one tile of scores, in both directions while it is in the cache.

use std::ops::Range;

use super::{
    Both,
    blocks::Block,
    count::{add_higher, add_higher_or_equal, ahead},
};

/// Images down, captions across.
pub struct Tile<'a, T> {
    /// Row by row.
    pub scores: &'a [T],
    pub down: &'a Block,
    pub across: &'a Block,
}

/// Who belongs to whom. Captions stand by image here, whatever their order was.
pub struct Pairs<'a, T> {
    /// The score of each caption with its image.
    pub own: &'a [T],
    /// The first caption of each image, and the number of all.
    pub first: &'a [usize],
    /// Where each caption stood.
    pub order: &'a [usize],
}

impl<T: PartialOrd + Copy> Tile<'_, T> {
    /// Adds to each rank how many of this tile's scores stand before its own.
    pub fn count(&self, pairs: &Pairs<'_, T>, ranks: &mut Both) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions.
            #[allow(unsafe_code)]
            return unsafe { self.count_avx2(pairs, ranks) };
        }
        self.rows(pairs, ranks);
    }

    /// The same loops, compiled for wider registers.
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
        let mine = first[image]..first[image + 1];
        let (before, after) = around(&mine, captions);
        let at = |range: &Range<usize>| range.start - captions.start..range.end - captions.start;
        // Images that stand before one's own beat it with the same score, those after it do not.
        add_higher(&row[at(&before)], &own[before.clone()], &mut ranks.picture[before]);
        add_higher_or_equal(&row[at(&after)], &own[after.clone()], &mut ranks.picture[after]);
        let here = &order[captions.clone()];
        for one in mine {
            ranks.caption[one] += ahead(row, own[one], |other| here[other] < order[one]);
        }
    }
}

/// What of `all` lies before and after `mine`.
fn around(mine: &Range<usize>, all: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let inside = |place: usize| place.clamp(all.start, all.end);
    // The first are captions of images before, the last of images after.
    (all.start..inside(mine.start), inside(mine.end)..all.end)
}
