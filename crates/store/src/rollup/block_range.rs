//! Which blocks to read for a range of ticks.

use super::{HIGHEST, LOWEST};

/// Consecutive blocks of one level, `from..=to`. Level 0 is the points themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRange {
    /// Level of the blocks.
    pub level: u32,
    /// First block.
    pub from: i64,
    /// Last block.
    pub to: i64,
}

/// No run has a tick beyond it; further ones, of a damaged store, are not read.
const FARTHEST: i64 = 1 << 60;

/// The lowest level at which the ticks `lo..=hi` fall into at most `most` blocks.
pub fn level_for(lo: i64, hi: i64, most: usize) -> u32 {
    let most = most.max(1) as i64;
    let (lo, hi) = clamped(lo, hi);
    // Even at level 62 a range can cross a block boundary; a request for one bucket then gives two.
    (0..62).find(|&level| (hi >> level) - (lo >> level) < most).unwrap_or(62)
}

/// Splits the ticks `lo..=hi` into the largest complete blocks inside them, of at most `level` and ending before `sealed`;
/// the rest are points. Ordered by tick.
pub fn block_ranges(lo: i64, hi: i64, level: u32, sealed: i64) -> Vec<BlockRange> {
    let mut ranges: Vec<BlockRange> = Vec::new();
    let (mut tick, hi) = clamped(lo, hi);
    while tick <= hi {
        let limit = (hi + 1).min(sealed);
        let largest = level.min(HIGHEST);
        let fits = |l: &u32| tick & ((1 << l) - 1) == 0 && tick + (1 << l) <= limit;
        let range = match (LOWEST..=largest).rev().find(fits) {
            Some(level) => {
                // Further blocks of this level, up to the next boundary of a larger one.
                let stop = if level == largest {
                    limit
                } else {
                    limit.min(((tick >> (level + 1)) + 1) << (level + 1))
                };
                BlockRange { level, from: tick >> level, to: (stop >> level) - 1 }
            }
            None => {
                let border = ((tick >> LOWEST) + 1) << LOWEST;
                let plain = largest < LOWEST || border + (1 << LOWEST) > limit;
                BlockRange { level: 0, from: tick, to: if plain { hi } else { border - 1 } }
            }
        };
        tick = (range.to + 1) << range.level;
        ranges.push(range);
    }
    ranges
}

fn clamped(lo: i64, hi: i64) -> (i64, i64) {
    (lo.clamp(-FARTHEST, FARTHEST), hi.clamp(-FARTHEST, FARTHEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(range: &BlockRange) -> std::ops::Range<i64> {
        range.from << range.level..(range.to + 1) << range.level
    }

    #[test]
    fn ticks_of_a_damaged_store_do_not_overflow() {
        for (lo, hi) in [(i64::MIN, i64::MAX), (0, i64::MAX), (i64::MAX, i64::MAX)] {
            let level = level_for(lo, hi, 100);
            for sealed in [0, i64::MAX] {
                assert!(block_ranges(lo, hi, level, sealed).len() < 100);
            }
        }
    }

    #[test]
    fn ranges_are_contiguous_and_read_few_rows() {
        for (lo, hi, sealed) in
            [(0, 999_999, 1_000_000), (3, 70_001, 65_000), (17, 18, 4), (5, 5, 6), (0, 15, 16)]
        {
            for level in 0..12 {
                let ranges = block_ranges(lo, hi, level, sealed);
                let mut at = lo;
                for range in &ranges {
                    assert_eq!(ticks(range).start, at);
                    assert!(range.level == 0 || ticks(range).end <= sealed.min(hi + 1));
                    assert!(range.level <= level);
                    at = ticks(range).end;
                }
                assert_eq!(at, hi + 1);
                assert!(ranges.len() <= 2 * 12 + 2);
            }
        }
        let rows: i64 = block_ranges(3, 999_990, level_for(3, 999_990, 240), 1_000_000)
            .iter()
            .map(|s| s.to - s.from + 1)
            .sum();
        assert!(rows < 400, "{rows} rows for 240 buckets");
    }
}
