//! Chart types, one file each: plain data in, a [`super::scene::Scene`] out.

pub mod confusion;
pub mod cost;
mod curves;
pub mod ema;
pub mod forest;
pub mod hits;
mod intervals;
pub mod layers;
pub mod parallel;
pub mod phases;
pub mod similarity;

pub use curves::curves;
pub use intervals::Value;
