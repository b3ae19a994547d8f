//! Blocks of rows of equal size.

use std::ops::Range;

/// Rows that are multiplied together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Index of the first row.
    pub from: usize,
    /// Number of rows.
    pub len: usize,
    /// The rows that no earlier block contains.
    pub fresh: Range<usize>,
}

impl Block {
    /// Range of the fresh rows within the block.
    pub fn inside(&self) -> Range<usize> {
        self.fresh.start - self.from..self.fresh.end - self.from
    }
}

/// Blocks of `size` rows that cover `count`. The last one overlaps its predecessor instead of being smaller: products
/// of one shape round alike, so equal inputs give equal scores in every block.
pub fn blocks(count: usize, size: usize) -> Vec<Block> {
    let size = size.clamp(1, count.max(1));
    let block = |start: usize| {
        let end = (start + size).min(count);
        Block { from: end - size, len: size, fresh: start..end }
    };
    (0..count).step_by(size).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_fresh_once_and_all_blocks_are_of_one_size() {
        for (count, size) in [(0, 4), (1, 4), (4, 4), (5, 4), (7, 4), (9, 2), (3, 0)] {
            let found = blocks(count, size);
            let fresh: Vec<usize> = found.iter().flat_map(|block| block.fresh.clone()).collect();
            assert_eq!(fresh, (0..count).collect::<Vec<_>>(), "{count} by {size}");
            for block in &found {
                assert_eq!(block.len, found[0].len);
                assert!(block.from <= block.fresh.start && block.from + block.len == block.fresh.end);
            }
        }
    }
}
