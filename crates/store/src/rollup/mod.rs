//! Summaries of points over blocks of 2^level ticks, so that a chart of a million points reads a few hundred rows. Pure.
//!
//! A block is written once, when its last tick ends, and never changes. For ticks without a block yet, the reader uses
//! smaller blocks, then the points themselves.

mod block;
mod block_range;
mod roller;

pub use block::Block;
pub use block_range::{BlockRange, block_ranges, level_for};
pub use roller::{Roller, Sealed};

/// Blocks below 16 ticks are not stored: reading the points costs no more.
pub const LOWEST: u32 = 4;
/// 16 million ticks; a longer run reads a few rows more.
pub const HIGHEST: u32 = 24;
