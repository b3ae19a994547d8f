//! Ways of drawing: one file each, plain data in, a [`super::scene::Scene`] out.

mod bars;
pub mod confusion;
pub mod cost;
mod curves;
pub mod ema;
pub mod forest;
pub mod hits;
pub mod layers;
pub mod parallel;
pub mod phases;
pub mod similarity;

pub use bars::Value;
pub use curves::curves;
