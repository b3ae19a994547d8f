//! Sums of points over blocks of 2^level ticks, so that a million points draw from a few hundred rows. Pure.
//!
//! A block is written once, when its last tick is over, and never changes. What the blocks do not cover yet, the
//! reader takes from smaller blocks and, last, from the points themselves.

mod block;
mod cover;
mod roller;

pub use block::Block;
pub use cover::{Span, cover, level_for};
pub use roller::{Roller, Sealed};

/// Blocks below 16 ticks are not kept: reading the points costs no more.
pub const LOWEST: u32 = 4;
/// 16 million ticks; a longer run reads a few more rows.
pub const HIGHEST: u32 = 24;
