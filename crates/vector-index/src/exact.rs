//! Exact nearest-neighbour search over all rows.

use std::{cmp::Ordering, collections::BinaryHeap, ops::RangeInclusive, thread};

use crate::{Index, file::VALUE_BYTES};

/// Independent accumulators of a dot product: they allow SIMD, which float summation in order does not.
const LANES: usize = 16;
/// Minimum rows per thread.
const SHARE: usize = 4096;

/// A search hit.
#[derive(Debug, Clone, Copy)]
pub struct Neighbour {
    /// Its index.
    pub row: usize,
    /// Dot product with the query: the cosine similarity, as both are L2-normalised.
    pub score: f32,
}

/// Orders by descending score, then by row, as the ranks of an evaluation. NaN comes last.
impl Ord for Neighbour {
    fn cmp(&self, other: &Self) -> Ordering {
        // Adding zero turns -0.0 into 0.0.
        let score = |near: &Self| if near.score.is_nan() { f32::NEG_INFINITY } else { near.score + 0.0 };
        score(other).total_cmp(&score(self)).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Neighbour {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Neighbour {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Neighbour {}

impl Index {
    /// The `top` rows with the highest scores, highest first; scans all rows with at most `threads` threads.
    ///
    /// `query` must have the dimension of the index. Bound by memory bandwidth: 4 bytes per value.
    pub fn nearest(&self, query: &[f32], top: usize, threads: usize) -> Vec<Neighbour> {
        let share = self.len().div_ceil(threads.max(1)).max(SHARE);
        let parts = (0..self.len()).step_by(share).map(|from| from..(from + share).min(self.len()));
        let mut best: Vec<Neighbour> = thread::scope(|scope| {
            let parts: Vec<_> = parts.map(|rows| scope.spawn(move || self.best(query, rows, top))).collect();
            // The threads do not panic.
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
        });
        best.sort_unstable();
        best.truncate(top);
        best
    }

    /// The best of the given rows.
    pub fn best_of(&self, query: &[f32], rows: impl Iterator<Item = usize>) -> Option<Neighbour> {
        rows.map(|row| Neighbour { row, score: dot(self.row_bytes(row), query) }).min()
    }

    /// The number of rows that rank before `near`.
    pub fn rank(&self, query: &[f32], near: Neighbour) -> usize {
        (0..self.len())
            .filter(|&row| Neighbour { row, score: dot(self.row_bytes(row), query) } < near)
            .count()
    }

    /// The possible ranks of `score` if scores within `slack` count as ties.
    pub fn ranks_within(&self, query: &[f32], score: f32, slack: f32) -> RangeInclusive<usize> {
        let scores = (0..self.len()).map(|row| dot(self.row_bytes(row), query));
        let (above, near) = scores.fold((0, 0), |(above, near), other| {
            let apart = other - score;
            (above + usize::from(apart > slack), near + usize::from(apart.abs() <= slack))
        });
        above..=above + near
    }

    fn best(&self, query: &[f32], rows: std::ops::Range<usize>, top: usize) -> Vec<Neighbour> {
        let mut best = BinaryHeap::with_capacity(top.min(rows.len()) + 1);
        for row in rows {
            let near = Neighbour { row, score: dot(self.row_bytes(row), query) };
            // The top of the heap is the worst kept row.
            if best.len() < top {
                best.push(near);
            } else if best.peek().is_some_and(|worst| near < *worst) {
                best.pop();
                best.push(near);
            }
        }
        best.into_vec()
    }
}

/// The dot product of a row of little-endian floats with a query.
pub fn dot(row: &[u8], query: &[f32]) -> f32 {
    let (blocks, rest) = row.as_chunks::<{ VALUE_BYTES * LANES }>();
    let (query_blocks, tail) = query.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (block, query) in blocks.iter().zip(query_blocks) {
        let (numbers, _) = block.as_chunks::<VALUE_BYTES>();
        for ((sum, number), other) in sums.iter_mut().zip(numbers).zip(query) {
            *sum += f32::from_le_bytes(*number) * other;
        }
    }
    let (rest, _) = rest.as_chunks::<VALUE_BYTES>();
    let rest: f32 = rest.iter().zip(tail).map(|(number, other)| f32::from_le_bytes(*number) * other).sum();
    sums.iter().sum::<f32>() + rest
}
