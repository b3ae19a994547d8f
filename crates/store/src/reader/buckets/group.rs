//! Merges blocks and points into buckets. Pure.

use crate::{Bucket, reader::fetch::at_least_zero, rollup::Block};

/// A block with the x of its first and last point.
pub struct PlacedBlock {
    pub block: Block,
    pub x0: f64,
    pub x1: f64,
}

/// Merges blocks that fall into the same block of `level`. `zero` is the origin of the axis.
pub fn group(mut placed: Vec<PlacedBlock>, level: u32, zero: f64) -> Vec<Bucket> {
    placed.sort_by_key(|p| p.block.tick0);
    let mut groups: Vec<PlacedBlock> = Vec::with_capacity(placed.len());
    for next in placed {
        match groups.last_mut().filter(|sum| sum.block.tick0 >> level == next.block.tick0 >> level) {
            Some(sum) => {
                sum.block.merge(&next.block);
                sum.x1 = next.x1;
            }
            None => groups.push(next),
        }
    }
    groups.iter().map(|p| bucket(p, zero)).collect()
}

fn bucket(placed: &PlacedBlock, zero: f64) -> Bucket {
    let block = &placed.block;
    let some = |value: f64| if block.n > 0 { value } else { f64::NAN };
    Bucket {
        x0: placed.x0 - zero,
        x1: placed.x1 - zero,
        min: some(block.min),
        max: some(block.max),
        mean: some(block.sum / block.n as f64),
        first: some(block.first),
        last: some(block.last),
        n: at_least_zero(block.n),
        n_bad: at_least_zero(block.n_bad),
    }
}
