//! Builds the blocks as points arrive.

use std::collections::BTreeMap;

use super::{Block, HIGHEST, LOWEST, block::extend};

const LEVELS: usize = (HIGHEST - LOWEST + 1) as usize;

/// A complete block.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// Series.
    pub series: i64,
    /// The block spans 2^level ticks.
    pub level: u32,
    /// Its first tick is `bucket << level`.
    pub bucket: i64,
    /// Its summary.
    pub block: Block,
}

/// The open blocks of every series of a run, per level: the sum of the sealed blocks one level below that are not yet in a
/// sealed block of this level.
#[derive(Clone, Debug, Default)]
pub struct Roller {
    open: BTreeMap<i64, [Option<Block>; LEVELS]>,
}

impl Roller {
    /// Adds one point of the current tick.
    pub fn add(&mut self, series: i64, tick: i64, value: f64) {
        extend(&mut self.levels(series)[0], &Block::of(tick, value));
    }

    /// Restores part of the open block of `level`, read from a store.
    pub fn restore(&mut self, series: i64, level: u32, part: &Block) {
        extend(&mut self.levels(series)[(level - LOWEST) as usize], part);
    }

    /// Ends the ticks `from..to` and appends every block that ends in them to `sealed`, low levels first.
    pub fn advance(&mut self, from: i64, to: i64, sealed: &mut Vec<Sealed>) {
        let mut end = ((from >> LOWEST) + 1) << LOWEST;
        while end <= to {
            self.seal_at(end, sealed);
            end += 1 << LOWEST;
        }
    }

    fn seal_at(&mut self, end: i64, sealed: &mut Vec<Sealed>) {
        let top = HIGHEST.min(end.trailing_zeros());
        for (&series, levels) in &mut self.open {
            for level in LOWEST..=top {
                let at = (level - LOWEST) as usize;
                let Some(block) = levels[at].take() else { continue };
                if let Some(above) = levels.get_mut(at + 1) {
                    extend(above, &block);
                }
                sealed.push(Sealed { series, level, bucket: (end - 1) >> level, block });
            }
        }
    }

    fn levels(&mut self, series: i64) -> &mut [Option<Block>; LEVELS] {
        self.open.entry(series).or_insert([None; LEVELS])
    }
}
